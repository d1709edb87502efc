import type { Deployment } from './component.ts'
import { nameOf } from './component.ts'
import { allManagers, imagePath, managersOf } from './field-managers.ts'

/** Somebody else who writes a Deployment. */
export interface Owner {
  readonly tool: 'Argo CD' | 'Flux' | 'Helm' | 'operator'
  /** What manages it, as its users name it: `the Argo CD Application "kafka-pipeline"`. */
  readonly name: string
  /**
   * When it puts its own state back. `by-itself`: a controller that watches. `at-next-command`: when somebody runs the
   * tool again. `never`: it was told to leave the object alone, or no longer tracks it.
   */
  readonly reverts: 'by-itself' | 'at-next-command' | 'never'
  /** The label, annotation or managed field that shows it. */
  readonly shownBy: string
}

/** Argo CD writes under these names: with server-side apply, and before 2.5 without. */
const argoManagers = ['argocd-controller', 'argocd-application-controller']

/**
 * Who else manages a Deployment, controllers first. The markers are those that the tools use to find their objects
 * again, so that what is not marked is not touched by them; managed fields alone only say who wrote in the past.
 */
export function ownersOf(deployment: Deployment, container: string): Owner[] {
  const controllers = [argoCd, fluxKustomize, fluxHelm, operator].flatMap((find) => {
    const owner = find(deployment, container)
    return owner === undefined ? [] : [owner]
  })
  // A release of Flux carries Helm's markers, too.
  const plain = controllers.some(({ tool }) => tool === 'Flux') ? undefined : helm(deployment)
  return plain === undefined ? controllers : [...controllers, plain]
}

const trackingId = 'argocd.argoproj.io/tracking-id'
const argoLabel = 'argocd.argoproj.io/instance'
const instanceLabel = 'app.kubernetes.io/instance'

function argoCd(deployment: Deployment, container: string): Owner | undefined {
  const { labels, annotations } = marksOf(deployment)
  const owner = (app: string, shownBy: string, reverts: Owner['reverts'] = 'by-itself'): Owner => ({
    tool: 'Argo CD',
    name: `the Argo CD Application "${app}"`,
    reverts,
    shownBy,
  })
  const id = annotations[trackingId]
  if (id !== undefined) {
    // `app:group/kind:namespace/name`. An object copied with its annotations is not tracked by the copy.
    const [app = '', , object = ''] = id.split(':')
    const isThis = object.slice(object.indexOf('/') + 1) === nameOf(deployment)
    return owner(app, `annotation ${trackingId}: ${id}`, isThis ? 'by-itself' : 'never')
  }
  const custom = labels[argoLabel]
  if (custom !== undefined) return owner(custom, `label ${argoLabel}: ${custom}`)

  const wrote = allManagers(deployment).find(({ manager }) => argoManagers.includes(manager))
  if (wrote === undefined) return undefined
  // Helm charts set this label as well: only together with Argo CD's writes does it say anything.
  const instance = labels[instanceLabel]
  if (instance !== undefined)
    return owner(instance, `label ${instanceLabel}: ${instance}, and fields written by ${wrote.manager}`)
  const writesImage = managersOf(deployment, imagePath(container)).some(({ manager }) =>
    argoManagers.includes(manager),
  )
  return writesImage
    ? { ...owner('', `the image was written by ${wrote.manager}`), name: 'Argo CD' }
    : {
        ...owner('', `fields written by ${wrote.manager}, without a tracking label or annotation`, 'never'),
        name: 'Argo CD',
      }
}

function fluxKustomize(deployment: Deployment): Owner | undefined {
  const { labels, annotations } = marksOf(deployment)
  const prefix = 'kustomize.toolkit.fluxcd.io'
  const name = labels[`${prefix}/name`]
  if (name === undefined) return undefined
  const namespace = labels[`${prefix}/namespace`] ?? ''
  const owner = { tool: 'Flux', name: `the Flux Kustomization "${namespace}/${name}"` } as const
  const optOut = [
    [`${prefix}/reconcile`, ['disabled']],
    [`${prefix}/ssa`, ['ignore', 'ifnotpresent']],
  ] as const
  for (const [key, values] of optOut) {
    const value = annotations[key] ?? labels[key]
    if (value !== undefined && (values as readonly string[]).includes(value.toLowerCase()))
      return { ...owner, reverts: 'never', shownBy: `${key}: ${value}` }
  }
  return { ...owner, reverts: 'by-itself', shownBy: `label ${prefix}/name: ${name}` }
}

function fluxHelm(deployment: Deployment): Owner | undefined {
  const { labels } = marksOf(deployment)
  const prefix = 'helm.toolkit.fluxcd.io'
  const name = labels[`${prefix}/name`]
  if (name === undefined) return undefined
  const namespace = labels[`${prefix}/namespace`] ?? ''
  return {
    tool: 'Flux',
    name: `the Flux HelmRelease "${namespace}/${name}"`,
    reverts: 'by-itself',
    shownBy: `label ${prefix}/name: ${name}`,
  }
}

/** A custom resource whose controller made the Deployment, and reconciles it. */
function operator({ metadata }: Deployment): Owner | undefined {
  const controller = metadata?.ownerReferences?.find((reference) => reference.controller === true)
  if (controller === undefined) return undefined
  return {
    tool: 'operator',
    name: `the controller of ${controller.kind} "${controller.name}"`,
    reverts: 'by-itself',
    shownBy: `owner reference to ${controller.apiVersion} ${controller.kind} ${controller.name}`,
  }
}

/** Both markers: the label alone is set by every chart, also where `helm template | kubectl apply` made the object. */
function helm(deployment: Deployment): Owner | undefined {
  const { labels, annotations } = marksOf(deployment)
  const release = annotations['meta.helm.sh/release-name']
  if (release === undefined || labels['app.kubernetes.io/managed-by'] !== 'Helm') return undefined
  const namespace = annotations['meta.helm.sh/release-namespace']
  return {
    tool: 'Helm',
    name: `the Helm release "${namespace === undefined ? '' : `${namespace}/`}${release}"`,
    reverts: 'at-next-command',
    shownBy: `annotation meta.helm.sh/release-name: ${release}`,
  }
}

function marksOf({ metadata }: Deployment): {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
} {
  return { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} }
}
