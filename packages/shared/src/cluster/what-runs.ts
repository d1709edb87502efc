import type { DeployedComponent, KnownGood, PlannedComponent } from '../record/schema.ts'
import type { Memory } from '../record/store.ts'
import { containerOf, isReady, nameOf, revisionOf, type ComponentState } from './component.ts'
import { formatImage, parseImage, runningDigests, shortDigest } from './image.ts'
import { restartedAtOf } from './restarted.ts'

/** Whether the pod template is as planned, and nothing else is to be written: a manifest may hold more than the image. */
export function runsAlready(
  { container, to, manifest, restartedAt }: PlannedComponent,
  { deployment }: ComponentState,
): boolean {
  const isRestarted = restartedAt === undefined || restartedAtOf(deployment) === restartedAt
  return manifest === undefined && isRestarted && containerOf(deployment, container)?.image === to
}

/** A component whose pods run something that no record explains. */
export interface Drift {
  readonly deployment: string
  /** One sentence. */
  readonly sentence: string
}

/**
 * Pods that run what neither the last good release nor an unfinished deployment after it put there. What runs is
 * told by record and pods together, never by the newest tag: a hand-made change would else be taken for a release.
 */
export function findDrift(memory: Memory, states: ReadonlyMap<string, ComponentState>): Drift[] {
  const { knownGood, latest } = memory
  if (knownGood === undefined) return []
  return [...states].flatMap(([deployment, state]) => {
    const good = knownGood.components.find((component) => component.deployment === deployment)
    if (good === undefined)
      return [{ deployment, sentence: `${deployment} is not part of the last good release` }]
    const explained = new Set<string | undefined>([undefined, good.digest])
    for (const component of latest?.deployed ?? [])
      if (component.deployment === deployment) explained.add(component.digest)
    for (const component of latest?.plan ?? []) {
      if (component.deployment === deployment) explained.add(parseImage(component.to).digest)
    }
    const strange = [...runningDigests(state, good.container)].filter(([digest]) => !explained.has(digest))
    return strange.map(([digest = '', pods]) => ({
      deployment,
      sentence: `${deployment}: ${pods} pods run ${containerOf(state.deployment, good.container)?.image ?? ''} (${shortDigest(digest)}), the record says ${good.image}`,
    }))
  })
}

/**
 * Whether every pod of these components runs what the release says, and nothing else does; also not soon: a template
 * that was written a moment ago has no pods yet.
 */
export function runsExactly(release: KnownGood, states: Iterable<ComponentState>): boolean {
  return [...states].every((state) => {
    const component = release.components.find(({ deployment }) => deployment === nameOf(state.deployment))
    if (component === undefined) return false
    const image = containerOf(state.deployment, component.container)?.image
    if (image === undefined || !isImageOf(component, image)) return false
    const digests = [...runningDigests(state, component.container).keys()]
    return digests.every((digest) => digest === component.digest)
  })
}

/** Whether an image is that of a component, pinned to what it ran or not: a rollback pins what a tag named. */
export function isImageOf(
  { image, digest }: Pick<DeployedComponent, 'image' | 'digest'>,
  written: string,
): boolean {
  return written === image || written === formatImage({ ...parseImage(image), digest })
}

/** What runs now as a known good release without a version: the first deployment adopts it, once it is shown to be healthy. */
export function adoptWhatRuns(
  plan: readonly { deployment: string; container: string }[],
  states: ReadonlyMap<string, ComponentState>,
  now: Date,
): KnownGood {
  return {
    recordId: 'adopted',
    at: now.toISOString(),
    components: plan.flatMap((entry) => adopt(entry, states.get(entry.deployment))),
  }
}

function adopt(
  { deployment, container }: { deployment: string; container: string },
  state: ComponentState | undefined,
): DeployedComponent[] {
  if (state === undefined) return []
  const [digest] = [...runningDigests(state, container).keys()].filter((entry) => entry !== undefined)
  const image = containerOf(state.deployment, container)?.image
  if (digest === undefined || image === undefined) return []
  const revision = revisionOf(state.deployment)
  const pods = state.pods.filter(isReady).length
  return [{ deployment, container, image, digest, ...(revision !== undefined && { revision }), pods }]
}
