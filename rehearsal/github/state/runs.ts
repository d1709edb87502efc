import type { Timestamp } from '../time.ts'
import { isReviewer } from './environments.ts'
import type { Environment, Environments } from './environments.ts'
import { Sequence } from './sequence.ts'
import type { User, Users } from './users.ts'

export type RunStatus = 'queued' | 'in_progress' | 'completed' | 'waiting' | 'requested' | 'pending'
export type Conclusion =
  'success' | 'failure' | 'neutral' | 'cancelled' | 'skipped' | 'timed_out' | 'action_required'

export interface Step {
  name: string
  status: 'queued' | 'in_progress' | 'completed'
  conclusion: Conclusion | null
}

export interface Job {
  id: number
  name: string
  attempt: number
  status: RunStatus
  conclusion: Conclusion | null
  startedAt: string
  completedAt: string | null
  steps: readonly Step[]
}

/** What a reviewer decided on environments that a run waited for. GitHub tells no time of it. */
export interface Approval {
  environments: Environment[]
  state: 'approved' | 'rejected'
  user: User
  comment: string
}

export interface Run {
  id: number
  number: number
  attempt: number
  name: string
  title: string
  /** The workflow's file, `.github/workflows/deploy.yml`. */
  path: string
  workflowId: number
  /** The suite of the checks that its jobs are. */
  suiteId: number
  event: string
  status: RunStatus
  conclusion: Conclusion | null
  /** The branch or tag. */
  headRef: string
  headSha: string
  actor: User
  createdAt: string
  updatedAt: string
  jobs: Job[]
  approvals: Approval[]
  /** Environments that the run waits for. */
  pending: Environment[]
}

export interface NewRun {
  /** A number of the scenario's own, e.g. the GITHUB_RUN_ID that the runner was given. */
  id?: number
  path?: string
  event?: string
  status?: RunStatus
  conclusion?: Conclusion
  headRef: string
  headSha: string
  actor: string
  title?: string
}

export interface NewApproval {
  user: string
  environments: readonly string[]
  state: Approval['state']
  comment?: string
}

export type NewJob = Pick<Job, 'name'> & Partial<Pick<Job, 'status' | 'conclusion' | 'steps'>>

/** Workflow runs with their jobs and the decisions of their reviewers. */
export class Runs {
  readonly #runs = new Map<number, Run>()
  readonly #workflows: string[] = []
  readonly #numbers = new Sequence(1)
  readonly #ids: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users
  readonly #environments: Environments

  constructor(ids: Sequence, timestamp: Timestamp, users: Users, environments: Environments) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.#users = users
    this.#environments = environments
  }

  add({ id = this.#ids.next(), path = '.github/workflows/deploy.yml', ...run }: NewRun): Run {
    if (this.#runs.has(id)) throw new Error(`There is a run ${String(id)} already.`)
    const at = this.#timestamp()
    const added: Run = {
      id,
      number: this.#numbers.next(),
      attempt: 1,
      name: path.replace(/^.*\/|\.ya?ml$/g, ''),
      title: run.title ?? run.headRef,
      path,
      workflowId: this.workflowId(path),
      suiteId: this.#ids.next(),
      event: run.event ?? 'push',
      status: run.status ?? 'in_progress',
      conclusion: run.conclusion ?? null,
      headRef: run.headRef,
      headSha: run.headSha,
      actor: this.#users.get(run.actor),
      createdAt: at,
      updatedAt: at,
      jobs: [],
      approvals: [],
      pending: [],
    }
    this.#runs.set(id, added)
    return added
  }

  find(id: number): Run | undefined {
    return this.#runs.get(id)
  }

  /** The run with this id; a scenario that names another is wrong. */
  get(id: number): Run {
    const run = this.find(id)
    if (run === undefined) throw new Error(`There is no run ${String(id)}: add it with state.runs.add first.`)
    return run
  }

  /** All runs, newest first. */
  list(): Run[] {
    return [...this.#runs.values()].reverse()
  }

  /** The number of a workflow, always the same for the same file. */
  workflowId(path: string): number {
    if (!this.#workflows.includes(path)) this.#workflows.push(path)
    return 501 + this.#workflows.indexOf(path)
  }

  /** The file of a workflow that a run or a dispatch has named before. */
  workflowPath(id: number): string | undefined {
    return this.#workflows[id - 501]
  }

  addJob(runId: number, { name, status = 'in_progress', conclusion = null, steps = [] }: NewJob): Job {
    const run = this.get(runId)
    const at = this.#timestamp()
    const completedAt = status === 'completed' ? at : null
    const job = {
      id: this.#ids.next(),
      name,
      attempt: run.attempt,
      status,
      conclusion,
      startedAt: at,
      completedAt,
      steps,
    }
    run.jobs.push(job)
    return job
  }

  /** Ends a run. */
  complete(runId: number, conclusion: Conclusion): void {
    const updatedAt = this.#timestamp()
    Object.assign(this.get(runId), { status: 'completed', conclusion, updatedAt })
  }

  /** Starts the next attempt of a run, as "re-run jobs" does; its approvals stay on record. */
  rerun(runId: number): void {
    const run = this.get(runId)
    Object.assign(run, { attempt: run.attempt + 1, status: 'in_progress', conclusion: null })
  }

  /** Lets a run wait for the reviewers of environments. */
  waitFor(runId: number, environments: readonly string[]): void {
    const run = this.get(runId)
    run.pending.push(...environments.map((name) => this.#environment(name)))
    run.status = 'waiting'
  }

  /** Files the decision of a reviewer. Refuses what GitHub would: not a reviewer, or a review of one's own run. */
  review(runId: number, { user, environments, state, comment = '' }: NewApproval): Approval {
    const run = this.get(runId)
    const person = this.#users.get(user)
    const reviewed = environments.map((name) => this.#environment(name))
    for (const environment of reviewed) {
      if (!isReviewer(environment, person))
        throw new Error(`${user} is no reviewer of "${environment.name}".`)
      if (environment.preventsSelfReview && run.actor.id === person.id) {
        throw new Error(`"${environment.name}" prevents that ${user} reviews a run of their own.`)
      }
    }
    const approval: Approval = { environments: reviewed, state, user: person, comment }
    run.approvals.push(approval)
    run.pending = run.pending.filter((environment) => !reviewed.includes(environment))
    if (run.status === 'waiting' && run.pending.length === 0) run.status = 'in_progress'
    return approval
  }

  #environment(name: string): Environment {
    const environment = this.#environments.find(name)
    if (environment === undefined) {
      throw new Error(`There is no environment "${name}": add it with state.environments.set first.`)
    }
    return environment
  }
}
