import type { Canary, CanaryPlace } from '@runbook-actions/shared/cluster/canary.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { replicasOf, splitPods, type ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import { restartedAtOf } from '@runbook-actions/shared/cluster/restarted.ts'
import {
  deploymentOfSnapshot,
  differencesFrom,
} from '@runbook-actions/shared/cluster/restore/wanted-deployment.ts'
import { describeHeld, heldAwake } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import { dataField, ownersOf, worstOwner, type Owner } from '@runbook-actions/shared/cluster/owners.ts'
import { usedBy } from '@runbook-actions/shared/cluster/snapshot.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { sleepersOf, type Sleeper } from '@runbook-actions/shared/record/sleeper.ts'
import type {
  ConfigMapSnapshot,
  DeploymentSnapshot,
  Snapshot,
} from '@runbook-actions/shared/record/snapshot.ts'
import { besideCopy } from './beside-copy.ts'

type Plan = DeploymentRecord['plan']

/** One ConfigMap that is put back. */
export interface ConfigMapStep extends ConfigMapSnapshot {
  /** Somebody else who manages it, and may put its own back afterwards. */
  readonly owner?: Owner
}

/** One component with what is to be done about it. */
export interface RestoreStep {
  readonly deployment: string
  readonly snapshot: DeploymentSnapshot
  readonly state: ComponentState
  /** One sentence each; none where it is as it was. */
  readonly differences: readonly string[]
  /** Its template may be the same; its pods have read what a ConfigMap says now, or wait before they try again. */
  readonly restarts: boolean
  /** Absent where the number stays as it is. */
  readonly replicas: number | undefined
}

export interface RestorePlan {
  /** Components that the deployment holds awake for its validation. */
  readonly held: readonly Sleeper[]
  /** Those that say something else than they did. */
  readonly configMaps: readonly ConfigMapStep[]
  /** What an interrupted deployment has left running beside the components. */
  readonly canaries: readonly Canary[]
  /** In the order in which they are put back: the last one that was rolled first. */
  readonly steps: readonly RestoreStep[]
}

/** What is to be put back, and what the deployment that is taken back has done. */
export interface Asked {
  /** Deployments; all of the snapshot where it is empty. */
  readonly only: readonly string[]
  /** The plan of the deployment that is taken back. */
  readonly woken: Plan
  /** Whose canaries are removed. */
  readonly place: CanaryPlace
  /** By Deployment: when the configuration change that is taken back had its pods made anew. */
  readonly restarts: ReadonlyMap<string, string>
}

/**
 * What keeps the release set from being as the snapshot says, looked at in the cluster: "nothing to do" is never assumed.
 */
export async function planRestore(
  { deployments, configMaps }: Snapshot,
  { only, woken, place, restarts }: Asked,
  states: ReadonlyMap<string, ComponentState>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const chosen = deployments.filter(({ deployment }) => only.length === 0 || only.includes(deployment))
  const used = new Set(chosen.flatMap((each) => usedBy(deploymentOfSnapshot(each)).configMaps))
  const [changed, canaries] = await Promise.all([
    changedConfigMaps(
      configMaps.filter(({ name }) => used.has(name)),
      cluster,
      signal,
    ),
    cluster.canaries(place, signal),
  ])
  const isChosen = new Set(chosen.map(({ deployment }) => deployment))
  const names = new Set(changed.map(({ name }) => name))
  const steps = chosen.toReversed().flatMap((snapshot): RestoreStep[] => {
    const { deployment } = snapshot
    const state = states.get(deployment)
    if (state === undefined) return []
    const restartedAt = restarts.get(deployment)
    const reconfigured =
      usedBy(deploymentOfSnapshot(snapshot)).configMaps.some((name) => names.has(name)) ||
      // The ConfigMap may be back already, by an attempt before this one; pods that were made with the other one are not.
      (restartedAt !== undefined && restartedAtOf(state.deployment) === restartedAt)
    const differences = differencesFrom(snapshot, state)
    const backsOff = differences.length === 0 && isBackingOff(state)
    return [
      {
        deployment,
        snapshot,
        state,
        differences: [
          ...differences,
          ...(reconfigured ? ['its configuration was changed'] : []),
          ...(backsOff ? ['its pods wait ever longer before they try again: new ones try at once'] : []),
        ],
        restarts: reconfigured || backsOff,
        replicas: replicasFor(snapshot, state),
      },
    ]
  })
  const held = await heldAwake(sleepersOf(woken), cluster, signal)
  return {
    held,
    configMaps: changed,
    canaries: canaries.filter(({ component }) => isChosen.has(component)),
    steps,
  }
}

/**
 * Whether a pod waits before it pulls or starts again, up to five minutes: a rollback before this one may have left it so, and
 * what was wrong then may be mended.
 */
function isBackingOff(state: ComponentState): boolean {
  return splitPods(state).current.some((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].some(
      ({ state: now }) => now?.waiting?.reason?.endsWith('BackOff'),
    ),
  )
}

/**
 * An autoscaler's number is its own. Of one that a person has raised since the snapshot nothing is taken away: what is
 * behind by then needs the pods.
 */
function replicasFor({ replicas }: DeploymentSnapshot, { deployment, autoscaler }: ComponentState) {
  const now = replicasOf(deployment)
  return autoscaler !== undefined || now >= replicas ? undefined : replicas
}

async function changedConfigMaps(
  configMaps: readonly ConfigMapSnapshot[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<ConfigMapStep[]> {
  const looked = await Promise.all(
    configMaps.map(async (each) => {
      const { live, isSame } = await besideCopy(each, cluster, signal)
      const owner = live && worstOwner(ownersOf(live, dataField))
      return { each: { ...each, ...(owner !== undefined && { owner }) }, isSame }
    }),
  )
  return looked.filter(({ isSame }) => !isSame).map(({ each }) => each)
}

/** Whether anything is to be written. */
export function isNothing({ held, configMaps, canaries, steps }: RestorePlan): boolean {
  return (
    held.length === 0 &&
    configMaps.length === 0 &&
    canaries.length === 0 &&
    steps.every(({ differences, replicas }) => differences.length === 0 && replicas === undefined)
  )
}

/** `download-worker: it has … instead of …`, one line per component that is not as it was. */
export function describePlan({ held, configMaps, canaries, steps }: RestorePlan): string[] {
  return [
    ...(held.length === 0 ? [] : [`held awake for the validation: ${describeHeld(held)}`]),
    ...configMaps.map(
      ({ name, owner }) =>
        `ConfigMap ${name}: it says something else than before${owner === undefined ? '' : `, and is managed by ${owner.name}`}`,
    ),
    ...canaries.map(
      ({ name, component }) => `${name}: it is a canary of ${component} that was left, and is removed`,
    ),
    ...steps.flatMap(({ deployment, differences, replicas, state }) => {
      const scale =
        replicas === undefined
          ? []
          : [`it has ${replicasOf(state.deployment)} replicas instead of ${replicas}`]
      const all = [...differences, ...scale]
      return all.length === 0 ? [] : [`${deployment}: ${all.join('; ')}`]
    }),
  ]
}
