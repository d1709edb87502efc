import type { Conclusion, RunStatus } from './runs.ts'
import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'
import { workflowBot } from './users.ts'
import type { User, Users } from './users.ts'

export interface CheckRun {
  id: number
  suiteId: number
  sha: string
  name: string
  status: RunStatus
  conclusion: Conclusion | null
  startedAt: string
  completedAt: string | null
}

export interface CommitStatus {
  id: number
  sha: string
  context: string
  state: 'error' | 'failure' | 'pending' | 'success'
  description: string | null
  creator: User
  createdAt: string
}

export interface NewCheckRun {
  sha: string
  name: string
  /** Without a conclusion the check is still running. */
  conclusion?: Conclusion
  /** The suite that it belongs to, such as that of a workflow's run; one of its own unless given. */
  suiteId?: number
}

export interface NewStatus {
  sha: string
  context: string
  state: CommitStatus['state']
  description?: string
  creator?: string
}

/** Check runs (GitHub Actions, apps) and the older commit statuses. */
export class Checks {
  readonly #runs: CheckRun[] = []
  readonly #statuses: CommitStatus[] = []
  readonly #ids: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users

  constructor(ids: Sequence, timestamp: Timestamp, users: Users) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.#users = users
  }

  addRun({ sha, name, conclusion, suiteId = this.#ids.next() }: NewCheckRun): CheckRun {
    const at = this.#timestamp()
    const run: CheckRun = {
      id: this.#ids.next(),
      suiteId,
      sha,
      name,
      status: conclusion === undefined ? 'in_progress' : 'completed',
      conclusion: conclusion ?? null,
      startedAt: at,
      completedAt: conclusion === undefined ? null : at,
    }
    this.#runs.push(run)
    return run
  }

  /** Ends a check that still ran. */
  complete(run: CheckRun, conclusion: Conclusion): void {
    Object.assign(run, { status: 'completed', conclusion, completedAt: this.#timestamp() })
  }

  addStatus({ sha, context, state, description, creator = workflowBot }: NewStatus): CommitStatus {
    const status: CommitStatus = {
      id: this.#ids.next(),
      sha,
      context,
      state,
      description: description ?? null,
      creator: this.#users.get(creator),
      createdAt: this.#timestamp(),
    }
    this.#statuses.push(status)
    return status
  }

  /** The check runs of a commit, newest first. */
  runs(sha: string): CheckRun[] {
    return this.#runs.filter((run) => run.sha === sha).reverse()
  }

  /** The newest check run of each name in each suite. */
  latestRuns(sha: string): CheckRun[] {
    return firstOfEach(this.runs(sha), (run) => `${String(run.suiteId)} ${run.name}`)
  }

  /** The newest status of each context. */
  latestStatuses(sha: string): CommitStatus[] {
    return firstOfEach(
      this.#statuses.filter((status) => status.sha === sha).reverse(),
      (status) => status.context,
    )
  }
}

function firstOfEach<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...Map.groupBy(items, key).values()].flatMap((group) => group.slice(0, 1))
}
