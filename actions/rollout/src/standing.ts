import { containerOf, type ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import { rolloutProgress } from '@runbook-actions/shared/cluster/rollout-progress.ts'
import { runsAlready } from '@runbook-actions/shared/cluster/what-runs.ts'
import type { PlannedComponent } from '@runbook-actions/shared/record/schema.ts'

/** How far a rollout came with a component. */
export type Progress = 'rolled out' | 'half-way' | 'untouched' | 'changed by somebody else'

const inWords: readonly Progress[] = ['rolled out', 'half-way', 'untouched', 'changed by somebody else']

/** How far the plan came, looked at in the cluster: nobody is left who could tell it. By Deployment. */
export function standingOf(
  plan: readonly PlannedComponent[],
  states: ReadonlyMap<string, ComponentState>,
  now: Date,
): ReadonlyMap<string, Progress> {
  return new Map(
    plan.map((component) => [
      component.deployment,
      progressOf(component, states.get(component.deployment), now),
    ]),
  )
}

function progressOf(component: PlannedComponent, state: ComponentState | undefined, now: Date): Progress {
  const { container, from, to } = component
  const image = state && containerOf(state.deployment, container)?.image
  // A manifest may hold more than the image that tells how far it is.
  const { manifest: _, ...planned } = component
  if (state !== undefined && runsAlready(planned, state))
    return rolloutProgress(state, now).state === 'complete' ? 'rolled out' : 'half-way'
  return image === from || image === to ? 'untouched' : 'changed by somebody else'
}

/** `rolled out: event-ingester; half-way: download-worker`; how nothing stands is left out. */
export function standingSentence(standing: ReadonlyMap<string, Progress>): string {
  return inWords
    .map(
      (word) =>
        [word, [...standing].filter(([, progress]) => progress === word).map(([name]) => name)] as const,
    )
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word}: ${names.join(', ')}`)
    .join('; ')
}
