import * as z from 'zod'
import type { Amounts, PodChange } from '../../decide/capacity.ts'
import type { PlannedComponent } from '../../record/schema.ts'
import type { NamespaceLimits } from '../cluster.ts'
import { isTerminating, replicasOf, splitPods, type ComponentState, type Deployment } from '../component.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { rollingStrategy } from '../strategy.ts'
import { asAdmitted, podNeeds, type PodNeeds, type PodSpec } from './pod-needs.ts'
import { takenOfQuotas } from './quota.ts'

/** A component's pods as they are and as its rollout makes them. */
export interface ComponentChange {
  readonly deployment: string
  readonly isPaused: boolean
  /** What a new pod is and asks for. */
  readonly spec: PodSpec
  readonly needs: PodNeeds
  readonly before: PodNeeds
  /** How its pods are replaced; what one takes is told by whoever asks. */
  readonly pods: Omit<PodChange, 'before' | 'after'>
  /** What an old and a new pod take of the quotas. */
  readonly quota: { readonly before: Amounts; readonly after: Amounts }
}

/** Of a manifest, what decides the pods; where it does not say, what stands in the cluster stays. */
const specSchema = z.looseObject({
  replicas: z.number().optional(),
  paused: z.boolean().optional(),
  strategy: z.looseObject({}).optional(),
  template: z.looseObject({}),
})

/** What a rollout of one component asks of its namespace and its nodes. */
export function componentChange(
  { deployment, autoscaler, wake }: PlannedComponent,
  state: ComponentState,
  { quotas, limitRanges }: NamespaceLimits,
  manifest: Manifest | undefined,
): ComponentChange {
  const live = state.deployment
  const applied = manifest === undefined ? live : asApplied(live, manifest, autoscaler !== undefined)
  const next = wake !== undefined && replicasOf(applied) === 0 ? scaledTo(applied, wake.replicas) : applied
  const present = state.pods.filter((pod) => !isTerminating(pod))
  const example = splitPods(state).current.find((pod) => !isTerminating(pod)) ?? present[0]
  const template = specOf(live)
  const [old, spec] = [template, specOf(next)].map((one) => asAdmitted(one, template, example)) as [
    PodSpec,
    PodSpec,
  ]
  const [before, needs] = [podNeeds(old, limitRanges), podNeeds(spec, limitRanges)]
  const { surge, unavailable, rolling } = rollingStrategy(next)
  return {
    deployment,
    isPaused: next.spec?.paused === true,
    spec,
    needs,
    before,
    pods: { pods: present.length, replicas: replicasOf(next), surge, unavailable, rolling },
    quota: { before: takenOfQuotas(quotas, old, before), after: takenOfQuotas(quotas, spec, needs) },
  }
}

function specOf({ spec }: Deployment): PodSpec {
  return spec?.template.spec ?? { containers: [] }
}

function scaledTo(deployment: Deployment, replicas: number): Deployment {
  return { ...deployment, spec: { ...deployment.spec, replicas } as NonNullable<Deployment['spec']> }
}

function asApplied(live: Deployment, { deployment: { object } }: Manifest, isScaled: boolean): Deployment {
  const given = z.looseObject({ spec: specSchema }).parse(object).spec
  const replicas = isScaled ? replicasOf(live) : (given.replicas ?? replicasOf(live))
  return { ...live, spec: { ...live.spec, ...given, replicas } as NonNullable<Deployment['spec']> }
}
