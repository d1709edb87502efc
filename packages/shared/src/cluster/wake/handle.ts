import type { V1ObjectMeta } from '@kubernetes/client-node'
import type { Sleeper } from '../../record/sleeper.ts'
import { deployments, scaledObjects, type Resource, type Wire } from '../resources.ts'

/** What we read of an object by which a component is held. */
export interface Handled {
  metadata?: V1ObjectMeta
  spec?: { replicas?: number; minReplicaCount?: number }
}

/**
 * Where a component is held: its Deployment's replicas, or, where KEDA scales it, the replicas at which its ScaledObject is
 * paused. A mark beside that number says that it is the suite's doing; the cluster itself is the only place that knows.
 */
export interface Handle {
  readonly resource: Resource<Handled>
  readonly name: string
  /** The number as it stands; undefined where a ScaledObject is not paused at one. */
  readonly at: (object: Wire<Handled>) => number | undefined
  /** A merge patch that holds at a number, or with `null` gives back: it removes what is null. */
  readonly patch: (at: number | null) => Patch
}

export interface Patch {
  readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> }
  readonly spec?: { readonly replicas: number }
}

type Annotations = Readonly<Record<string, string>> | undefined

/** On what the suite holds: the number that it holds it at. */
export const heldAtKey = 'runbook-actions.io/held-at'
/** KEDA scales to this number and then leaves the Deployment alone (ScaledObject, keda.sh/v1alpha1). */
export const pausedReplicasKey = 'autoscaling.keda.sh/paused-replicas'
const pausedKey = 'autoscaling.keda.sh/paused'

/** What KEDA reads as "not paused" (Go's strconv.ParseBool); everything else is. */
const notPaused: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/** Takes the mark away and leaves the number as somebody has set it. */
export const unmark: Patch = { metadata: { annotations: { [heldAtKey]: null } } }

export function handleOf({ deployment, scaledObject }: Sleeper): Handle {
  const text = (at: number | null): string | null => (at === null ? null : String(at))
  if (scaledObject === undefined) {
    return {
      resource: deployments,
      name: deployment,
      at: ({ spec }) => spec?.replicas,
      patch: (at) => ({
        metadata: { annotations: { [heldAtKey]: text(at) } },
        spec: { replicas: at ?? 0 },
      }),
    }
  }
  return {
    resource: scaledObjects,
    name: scaledObject,
    at: ({ metadata }) => numberOf(metadata?.annotations?.[pausedReplicasKey]),
    patch: (at) => ({
      metadata: { annotations: { [heldAtKey]: text(at), [pausedReplicasKey]: text(at) } },
    }),
  }
}

/** The number in the mark; undefined where the suite holds nothing. */
export function heldAt(annotations: Annotations): number | undefined {
  return numberOf(annotations?.[heldAtKey])
}

/** Whether it stands as the suite holds it. */
export function isHeldBy({ at }: Pick<Handle, 'at'>, object: Wire<Handled>): boolean {
  const mark = heldAt(object.metadata?.annotations)
  return mark !== undefined && mark === at(object)
}

/** The annotation by which somebody else has paused a ScaledObject, as `key: value`; undefined where nobody has. */
export function pauseOfOthers(annotations: Annotations): string | undefined {
  const replicas = annotations?.[pausedReplicasKey]
  if (replicas !== undefined && heldAt(annotations) === undefined) return `${pausedReplicasKey}: ${replicas}`
  const value = annotations?.[pausedKey]
  return value === undefined || notPaused.has(value) ? undefined : `${pausedKey}: ${value}`
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
