import type { Cluster } from '../cluster.ts'
import {
  currentReplicaSet,
  isReady,
  isTerminating,
  nameOf,
  restartsOf,
  splitPods,
  type Pod,
} from '../component.ts'
import type { ObjectEvent } from '../object-event.ts'
import { cappedReading } from './capped-reading.ts'
import { containerLog } from './container-log.ts'
import type { ContainerLog, Evidence, FailedRollout, PodEvidence } from './evidence.ts'
import { podView, type ContainerView } from './pod-view.ts'

/** Reading may take this long; what is not there by then is said to be missing. */
const limitMs = 10_000
/** Pods that are looked at closely: the others mostly show the same. */
const maxPods = 5
const tailLines = 40

type Attempt = <T>(what: string, read: () => Promise<T>) => Promise<T | undefined>

/**
 * Reads what explains a failed rollout, before anything changes it: events and logs of the pods in trouble, events of
 * the Deployment and its ReplicaSet. All at the same time, within 10 s; what fails is named and hides nothing else.
 *
 * @throws the signal's reason when cancelled
 */
export async function collectEvidence(
  cluster: Cluster,
  failed: FailedRollout,
  signal: AbortSignal,
  withinMs = limitMs,
): Promise<Evidence> {
  const reading = cappedReading(signal, withinMs)
  const stop = reading.signal
  const missing: string[] = []
  const attempt: Attempt = async (what, read) => {
    try {
      return await read()
    } catch (error) {
      missing.push(`not read: ${what}: ${reading.whyNot(error)}`)
      return undefined
    }
  }
  const eventsOf = async (
    kind: string,
    object: Parameters<typeof nameOf>[0] & { metadata?: { uid?: string } },
  ) => {
    const [name, uid] = [nameOf(object), object.metadata?.uid]
    return (await attempt(`events of ${kind} ${name}`, () => cluster.events({ kind, name, uid }, stop))) ?? []
  }

  const replicaSet = currentReplicaSet(failed.component)
  const [pods, ofDeployment, ofReplicaSet] = await Promise.all([
    Promise.all(
      worstPods(failed).map(async (pod): Promise<PodEvidence> => {
        const [events, logs] = await Promise.all([eventsOf('Pod', pod), logsOf(cluster, pod, attempt, stop)])
        return { pod, events, logs }
      }),
    ),
    eventsOf('Deployment', failed.component.deployment),
    replicaSet === undefined ? ([] as ObjectEvent[]) : eventsOf('ReplicaSet', replicaSet),
  ])
  return {
    ...failed,
    namespace: cluster.namespace,
    pods,
    events: [...ofDeployment, ...ofReplicaSet],
    missing,
  }
}

/** Of the current template only: an old pod in trouble is not this release's fault. */
function worstPods({ component, signals }: FailedRollout): Pod[] {
  const told = new Map(
    signals.flatMap(({ pod }, index) => (pod === undefined ? [] : [[pod, -index] as const])),
  )
  const rank = (pod: Pod): number => told.get(nameOf(pod)) ?? Number.NEGATIVE_INFINITY
  return splitPods(component)
    .current.filter((pod) => !isReady(pod) && !isTerminating(pod))
    .sort(
      (a, b) => compare(rank(b), rank(a)) || restartsOf(b) - restartsOf(a) || compare(nameOf(a), nameOf(b)),
    )
    .slice(0, maxPods)
}

function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Both the last run and the one before: after a crash the newest has often said nothing yet. */
async function logsOf(
  cluster: Cluster,
  pod: Pod,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<ContainerLog[]> {
  const { name, containers } = podView({ pod, events: [], logs: [] })
  const wanted = containers
    .filter((container) => !container.isReady)
    .flatMap((container) => runsOf(container).map((previous) => ({ container: container.name, previous })))
  const logs = await Promise.all(
    wanted.map(async ({ container, previous }) => {
      const what = `log of ${name}/${container}${previous ? ', run before' : ''}`
      const options = { container, tailLines, previous }
      const lines = (await attempt(what, () => containerLog(cluster, name, options, signal))) ?? []
      return lines.length === 0 ? [] : [{ container, previous, lines }]
    }),
  )
  return logs.flat()
}

/** A container that never ran has no log; asking for it is an error. */
function runsOf({ restarts, running, ended }: ContainerView): boolean[] {
  if (running === undefined && ended === undefined) return []
  return restarts > 0 ? [false, true] : [false]
}
