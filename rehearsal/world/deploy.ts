import { runWorkflow, type Run, type RunEvent, type RunResult } from '../runner/run.ts'
import { dispatchEvent, pushTagEvent, type WorkflowEvent } from '../runner/events.ts'
import type { Push } from '../runner/pushes.ts'
import { engineer } from './caller-repository.ts'
import { checksOfRun, fileHistory, type ReleaseHistory } from './history.ts'
import { tickChecklist } from './tick-checklist.ts'
import type { Timeline } from './timeline.ts'
import { reviewers, type World } from './world.ts'

/** The token of every job; a check looks for it in all that was printed. */
export const jobToken = 'ghs_rehearsalrehearsalrehearsalrehearsal'

let runs = 1000

/** A deployment that a pushed tag has started. */
export interface StartedDeployment {
  readonly runId: number
  readonly attempt: number
  readonly tag: string
  readonly run: Run
  readonly finished: Promise<RunResult>
}

/** What people do with a release, before and while it is deployed. */
export interface People extends ReleaseHistory {
  readonly approve: boolean
  /** The engineer ticks the checklist as soon as the ticket is open. */
  readonly tick: boolean
}

/** As it should be. */
const diligent: People = { isReviewed: true, isTested: true, approve: true, tick: true }

interface StartOptions extends Partial<People> {
  readonly attempt?: number
  /** Other ones than the world's, by the names of the workflow's secrets. */
  readonly kubeconfigs?: Readonly<Record<string, string>> | undefined
  /** Configuration variables of the repository, beside the world's. */
  readonly variables?: Readonly<Record<string, string>> | undefined
}

/**
 * Starts what GitHub would start for a pushed tag, with the reviewers' approvals filed beforehand: the suite never
 * waits for one here. Undefined where the push starts nothing.
 */
export async function startForPush(
  world: World,
  push: Push,
  timeline: Timeline,
  { attempt = 1, kubeconfigs = {}, variables = {}, ...given }: StartOptions = {},
): Promise<StartedDeployment | undefined> {
  const tag = /^refs\/tags\/(v\d+\.\d+\.\d+)$/.exec(push.ref)?.[1]
  if (tag === undefined || /^0+$/.test(push.after)) return undefined
  const { github, repository } = world
  const source = { bare: repository.bare, repository: repository.slug, actor: engineer, server: github.url }
  const event = await pushTagEvent(source, { tag, before: push.before })
  const people = { ...diligent, ...given }
  if (attempt === 1) {
    await fileHistory(world, event.sha, people)
    runs += 1
    github.state.runs.add({ id: runs, headRef: tag, headSha: event.sha, actor: engineer })
    if (people.approve) approveAll(world, runs)
  } else github.state.runs.rerun(runs)
  const runId = runs
  timeline.add(`run ${String(runId)}: ${tag} was pushed by ${engineer}`)
  const keepChecks = checksOfRun(world, runId)
  const begun = begin(
    world,
    { runId, attempt, workflow: '.github/workflows/deploy.yml', event, kubeconfigs, variables },
    (happened) => {
      keepChecks(happened)
      if (people.tick && happened.type === 'job-finished' && happened.job.name.endsWith('Ticket')) {
        tickChecklist(world, runId, timeline).catch((error: unknown) => {
          timeline.add(`the checklist could not be ticked: ${String(error)}`)
        })
      }
    },
    timeline,
  )
  return { tag, ...begun }
}

function approveAll({ github }: World, runId: number): void {
  for (const [environment, user] of Object.entries(reviewers)) {
    github.state.runs.review(runId, {
      user,
      environments: [environment],
      state: 'approved',
      comment: 'looks good',
    })
  }
}

/**
 * Starts a workflow of the default branch by hand, as "Run workflow" does.
 *
 * @param people what they have done with the commit beforehand; nothing where it is not given
 */
export async function startByHand(
  world: World,
  workflow: string,
  inputs: Record<string, string | boolean>,
  timeline: Timeline,
  people?: Pick<People, 'isReviewed' | 'isTested' | 'approve'>,
): Promise<Omit<StartedDeployment, 'tag'>> {
  const { github, repository } = world
  const source = { bare: repository.bare, repository: repository.slug, actor: engineer, server: github.url }
  const event = await dispatchEvent(source, { ref: 'refs/heads/main', workflow, inputs })
  if (people !== undefined) await fileHistory(world, event.sha, people)
  runs += 1
  const runId = runs
  github.state.runs.add({ id: runId, headRef: 'main', headSha: event.sha, actor: engineer })
  if (people?.approve === true) approveAll(world, runId)
  timeline.add(`run ${String(runId)}: ${workflow} was started by ${engineer}`)
  return begin(world, { runId, attempt: 1, workflow, event }, () => undefined, timeline)
}

/** What is run, and as which run. */
interface Begun {
  readonly runId: number
  readonly attempt: number
  readonly workflow: string
  readonly event: WorkflowEvent
  readonly kubeconfigs?: Readonly<Record<string, string>> | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
}

function begin(
  world: World,
  { runId, attempt, workflow, event, kubeconfigs = {}, variables = {} }: Begun,
  onEvent: (event: RunEvent) => void,
  timeline: Timeline,
): Omit<StartedDeployment, 'tag'> {
  const { github, repository } = world
  const run = runWorkflow(
    {
      act: world.act,
      repositories: repository.bare.slice(0, -`/${repository.slug}.git`.length),
      repository: repository.slug,
      workflow,
      event,
      suite: world.suite,
      labels: ['ubuntu-latest'],
      github: { server: github.url, api: github.url, graphql: `${github.url}/graphql` },
      runId,
      runNumber: runId - 1000,
      runAttempt: attempt,
      actor: engineer,
      token: jobToken,
      secrets: { ...world.secrets, ...kubeconfigs },
      variables: { ...world.variables, ...variables },
    },
    (happened) => {
      onEvent(happened)
      narrate(happened, timeline)
    },
  )
  world.running.add(run)
  const finished = run.finished
    .finally(() => world.running.delete(run))
    .then((result) => {
      github.state.runs.complete(runId, result.conclusion)
      timeline.add(`run ${String(runId)}: ${result.conclusion}`)
      return result
    })
  return { runId, attempt, run, finished }
}

/** The lines of a live timeline: how steps and jobs ended, and what they annotate. */
function narrate(event: RunEvent, timeline: Timeline): void {
  if (event.type === 'step-finished' && event.outcome !== 'skipped' && event.step.stage === 'Main') {
    timeline.add(
      `  ${event.job.name} / ${event.step.name}: ${event.outcome}, ${(event.durationMs / 1000).toFixed(1)} s`,
    )
  } else if (event.type === 'job-finished' && event.result !== 'skipped') {
    timeline.add(`${event.job.name}: ${event.result}`)
  } else if (event.type === 'annotation') {
    timeline.add(`  ${event.level}: ${event.message.split('\n', 1)[0] ?? ''}`)
  }
}
