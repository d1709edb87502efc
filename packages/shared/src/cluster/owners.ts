import { nameOf } from './component.ts'
import { allManagers, dataPath, imagePath, managersOf } from './field-managers.ts'
import type { AnyObject } from './resources.ts'

/** Somebody else who writes an object that we write. */
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

/** What we write of an object. */
export interface OwnField {
  readonly what: string
  /** As `managedFields` spells it. */
  readonly path: readonly string[]
}

/** Of a Deployment. */
export function imageField(container: string): OwnField {
  return { what: 'image', path: imagePath(container) }
}

/** Of a ConfigMap. */
export const dataField: OwnField = { what: 'data', path: dataPath }

/** Argo CD writes under these names: with server-side apply, and before 2.5 without. */
const argoManagers = ['argocd-controller', 'argocd-application-controller']

/**
 * Who else manages an object, controllers first. The markers are those that the tools use to find their objects
 * again, so that what is not marked is not touched by them; managed fields alone only say who wrote in the past.
 */
export function ownersOf(object: AnyObject, field: OwnField): Owner[] {
  const controllers = [argoCd, fluxKustomize, fluxHelm, operator].flatMap((find) => {
    const owner = find(object, field)
    return owner === undefined ? [] : [owner]
  })
  // A release of Flux carries Helm's markers, too.
  const plain = controllers.some(({ tool }) => tool === 'Flux') ? undefined : helm(object)
  return plain === undefined ? controllers : [...controllers, plain]
}

/** The one of them that is the likeliest to put its own state back; undefined where all leave the object alone. */
export function worstOwner(owners: readonly Owner[]): Owner | undefined {
  const rank = ({ reverts }: Owner): number => ['never', 'at-next-command', 'by-itself'].indexOf(reverts)
  return owners.toSorted((a, b) => rank(b) - rank(a)).find(({ reverts }) => reverts !== 'never')
}

const trackingId = 'argocd.argoproj.io/tracking-id'
const argoLabel = 'argocd.argoproj.io/instance'
const instanceLabel = 'app.kubernetes.io/instance'

function argoCd(object: AnyObject, field: OwnField): Owner | undefined {
  const { labels, annotations } = marksOf(object)
  const owner = (app: string, shownBy: string, reverts: Owner['reverts'] = 'by-itself'): Owner => ({
    tool: 'Argo CD',
    name: `the Argo CD Application "${app}"`,
    reverts,
    shownBy,
  })
  const id = annotations[trackingId]
  if (id !== undefined) {
    // `app:group/kind:namespace/name`. An object copied with its annotations is not tracked by the copy.
    const [app = '', , tracked = ''] = id.split(':')
    const isThis = tracked.slice(tracked.indexOf('/') + 1) === nameOf(object)
    return owner(app, `annotation ${trackingId}: ${id}`, isThis ? 'by-itself' : 'never')
  }
  const custom = labels[argoLabel]
  if (custom !== undefined) return owner(custom, `label ${argoLabel}: ${custom}`)

  const wrote = allManagers(object).find(({ manager }) => argoManagers.includes(manager))
  if (wrote === undefined) return undefined
  // Helm charts set this label as well: only together with Argo CD's writes does it say anything.
  const instance = labels[instanceLabel]
  if (instance !== undefined)
    return owner(instance, `label ${instanceLabel}: ${instance}, and fields written by ${wrote.manager}`)
  const writesField = managersOf(object, field.path).some(({ manager }) => argoManagers.includes(manager))
  return writesField
    ? { ...owner('', `the ${field.what} was written by ${wrote.manager}`), name: 'Argo CD' }
    : {
        ...owner('', `fields written by ${wrote.manager}, without a tracking label or annotation`, 'never'),
        name: 'Argo CD',
      }
}

function fluxKustomize(object: AnyObject): Owner | undefined {
  const { labels, annotations } = marksOf(object)
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

function fluxHelm(object: AnyObject): Owner | undefined {
  const { labels } = marksOf(object)
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

/** A custom resource whose controller made the object, and reconciles it. */
function operator({ metadata }: AnyObject): Owner | undefined {
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
function helm(object: AnyObject): Owner | undefined {
  const { labels, annotations } = marksOf(object)
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

function marksOf({ metadata }: AnyObject): {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
} {
  return { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} }
}
