import { containerOf, type ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import { runsAlready } from '@runbook-actions/shared/cluster/what-runs.ts'
import { explain } from '@runbook-actions/shared/cluster/explain.ts'
import { messageOf } from '@runbook-actions/shared/errors.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { rollbackFollows } from '@runbook-actions/shared/report/goes-back.ts'
import type { ComponentRollout } from './component-rollout.ts'
import { standingSentence, type Progress } from './standing.ts'

/** How a rollout ends that neither finished nor failed by its pods. */
export interface Stopped {
  readonly outcome: 'cancelled' | 'failed'
  /** Absent where nothing was asked. An outage says nothing about the release. */
  readonly verdict?: 'unknown'
  /** One sentence that names the state of every component. */
  readonly reason: string
  readonly warning: string
}

/** Somebody cancelled the run, or the run may not go on. */
export function cancelled(
  why: unknown,
  { plan }: DeploymentRecord,
  rolled: readonly ComponentRollout[],
  changed: ReadonlySet<string>,
): Stopped {
  const done = new Set(rolled.map(({ component }) => component.deployment))
  const standing = new Map(
    plan.map(({ deployment }): [string, Progress] => [
      deployment,
      done.has(deployment) ? 'rolled out' : changed.has(deployment) ? 'half-way' : 'untouched',
    ]),
  )
  return {
    outcome: 'cancelled',
    reason: `Stopped (${messageOf(why)}): ${standingSentence(standing)}.`,
    warning: 'Nothing more is written. What has been rolled stays; Kubernetes finishes what it has begun.',
  }
}

/** The cluster refused or could not be reached, in the middle of it. */
export function broken(error: unknown): Stopped {
  const { message } = explain(error)
  return {
    outcome: 'failed',
    verdict: 'unknown',
    reason: message,
    warning: `Nothing more is written: ${message}`,
  }
}

/** The Deployments whose image differs from the snapshot's, or that were restarted: by an attempt before this one. */
export function changedSince(
  { plan, snapshot }: DeploymentRecord,
  states: ReadonlyMap<string, ComponentState>,
): string[] {
  return plan.flatMap((component) => {
    const { deployment, container, restartedAt } = component
    const state = states.get(deployment)
    const before = snapshot?.deployments.find((entry) => entry.deployment === deployment)
    if (state === undefined || before === undefined) return []
    const kept = containerOf({ spec: { selector: {}, template: before.template } }, container)?.image
    const isRestarted = restartedAt !== undefined && runsAlready(component, state)
    return !isRestarted && containerOf(state.deployment, container)?.image === kept ? [] : [deployment]
  })
}

/** What the reader does next. */
export function nextStep(changed: ReadonlySet<string>, isGoingBack: boolean): string {
  if (isGoingBack) return rollbackFollows
  return changed.size > 0
    ? 'Go back by the workflow Rollback or the command in the summary, or mend the cause and run the job again: it continues where it stopped.'
    : 'Nothing was changed. Mend the cause and run the job again.'
}
