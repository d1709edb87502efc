import type { DeploymentSnapshot } from '../../record/snapshot.ts'
import { containersOf, type ComponentState, type Deployment } from '../component.ts'
import { formatImage, parseImage, runningDigests } from '../image.ts'
import { changedFields } from '../object-diff.ts'
import { restartedKey } from '../restarted.ts'

/** How one Deployment shall be put back. */
export interface DeploymentRestore {
  readonly deployment: string
  readonly template: DeploymentSnapshot['template']
  /** Absent where they stay as they are. */
  readonly replicas?: number
  /** What the snapshot says of annotations, and what says who went back and why. */
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Labels that say what is not true any more. */
  readonly dropLabels: readonly string[]
}

/** Annotations that the Deployment controller keeps for itself. */
const controllersOwn = 'deployment.kubernetes.io/'
/** What we write; of a release that is taken back nothing of it may stay. */
const ours = 'runbook-actions.io/'
const causeKey = 'kubernetes.io/change-cause'
/** Of this kubectl makes its next three-way merge: with that of another template it would leave fields behind. */
const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration'

/** A snapshot as a Deployment, for all that looks at templates. */
export function deploymentOfSnapshot({ deployment, template }: DeploymentSnapshot): Deployment {
  return { metadata: { name: deployment }, spec: { selector: {}, template: template } }
}

/**
 * The snapshot's template with every image pinned to what ran of it: a tag may have moved since. Images whose pods did not
 * agree, or did not run, stay as they were written.
 */
export function pinnedTemplate(snapshot: DeploymentSnapshot): DeploymentSnapshot['template'] {
  const template = structuredClone(snapshot.template)
  for (const container of containersOf(deploymentOfSnapshot({ ...snapshot, template }))) {
    const [digest, ...others] = snapshot.digests[container.name] ?? []
    if (container.image === undefined || digest === undefined || others.length > 0) continue
    const image = parseImage(container.image)
    if (image.digest === undefined) container.image = formatImage({ ...image, digest })
  }
  return template
}

/** The template with the mark that `kubectl rollout restart` sets: its pods are made anew. */
export function restarted(
  template: DeploymentSnapshot['template'],
  at: Date,
): DeploymentSnapshot['template'] {
  const metadata = (template.metadata ?? {}) as { annotations?: Record<string, string> }
  const annotations = { ...metadata.annotations, [restartedKey]: at.toISOString() }
  return { ...template, metadata: { ...metadata, annotations } }
}

/** That pods were made anew says nothing of what they run: it is no reason to make them anew once more. */
function withoutRestart(template: object): object {
  const { metadata, ...rest } = template as { metadata?: { annotations?: Record<string, string> } }
  const { annotations = {}, ...others } = metadata ?? {}
  const { [restartedKey]: _, ...kept } = annotations
  return { ...rest, metadata: { ...others, ...(Object.keys(kept).length > 0 && { annotations: kept }) } }
}

/** Whether two templates say the same. */
export function isSameTemplate(a: object, b: object): boolean {
  return changedFields({ template: a }, { template: b }).length === 0
}

/**
 * What keeps a component from being as the snapshot says, one sentence each; none where it is: the template, pinned or
 * not, the content of every pod, and nothing paused.
 */
export function differencesFrom(snapshot: DeploymentSnapshot, state: ComponentState): string[] {
  const { deployment } = state
  const template = deployment.spec?.template ?? {}
  const differences: string[] = []
  const isSame = [snapshot.template, pinnedTemplate(snapshot)].some((each) =>
    isSameTemplate(withoutRestart(each), withoutRestart(template)),
  )
  if (!isSame) differences.push(describeTemplate(snapshot, deployment))
  for (const [container, digests] of Object.entries(snapshot.digests)) {
    const strange = [...runningDigests(state, container)].filter(
      ([digest]) => digest !== undefined && digests.length > 0 && !digests.includes(digest),
    )
    const pods = strange.reduce((sum, [, count]) => sum + count, 0)
    if (pods > 0) differences.push(`${pods} pods run another content of ${container}`)
  }
  if (deployment.spec?.paused === true) differences.push('it is paused')
  return differences
}

function describeTemplate(snapshot: DeploymentSnapshot, live: Deployment): string {
  const wanted = containersOf(deploymentOfSnapshot(snapshot))
  const images = containersOf(live).flatMap(({ name, image = '' }) => {
    const before = wanted.find((container) => container.name === name)?.image
    return before === image ? [] : [`${image} instead of ${before ?? 'nothing'}`]
  })
  return images.length === 0 ? 'its pod template is another one' : `it has ${images.join(', ')}`
}

/**
 * The operations that put a Deployment back, insisting on what was read: the template as a whole, because whatever the
 * release added to it must go. Undefined where it is so already.
 *
 * Annotations that others have written since stay; a bare `kubectl rollout undo` loses them.
 */
export function restorePatch(live: Deployment, wanted: DeploymentRestore): object[] | undefined {
  const { metadata, spec } = live
  const isPaused = spec?.paused === true
  const isScaled = wanted.replicas !== undefined && wanted.replicas !== spec?.replicas
  const isSame = isSameTemplate(spec?.template ?? {}, wanted.template)
  if (isSame && !isPaused && !isScaled) return undefined
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: metadata?.resourceVersion },
    { op: 'add', path: '/metadata/annotations', value: annotationsFor(live, wanted) },
    { op: 'add', path: '/metadata/labels', value: labelsFor(live, wanted) },
    { op: 'replace', path: '/spec/template', value: wanted.template },
    ...(isScaled ? [{ op: 'replace', path: '/spec/replicas', value: wanted.replicas }] : []),
    ...(isPaused ? [{ op: 'remove', path: '/spec/paused' }] : []),
  ]
}

function annotationsFor(live: Deployment, { annotations }: DeploymentRestore): Record<string, string> {
  const kept = Object.entries(live.metadata?.annotations ?? {}).filter(
    ([key]) => !key.startsWith(ours) && key !== causeKey && key !== lastAppliedKey,
  )
  const restored = Object.entries(annotations).filter(([key]) => !key.startsWith(controllersOwn))
  return Object.fromEntries([...kept, ...restored])
}

function labelsFor(live: Deployment, { labels, dropLabels }: DeploymentRestore): Record<string, string> {
  const kept = Object.entries(live.metadata?.labels ?? {}).filter(([key]) => !dropLabels.includes(key))
  return { ...Object.fromEntries(kept), ...labels }
}
