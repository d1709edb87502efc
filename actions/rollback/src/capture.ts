import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import {
  containersOf,
  describePod,
  isReady,
  isTerminating,
  nameOf,
  restartsOf,
  splitPods,
  type ComponentState,
  type Pod,
} from '@runbook-actions/shared/cluster/component.ts'
import { cappedReading } from '@runbook-actions/shared/cluster/diagnosis/capped-reading.ts'
import { containerLog } from '@runbook-actions/shared/cluster/diagnosis/container-log.ts'

/** What shows why it is rolled back, and is gone afterwards. */
export interface Captured {
  readonly title: string
  readonly lines: readonly string[]
}

/** Nobody waits longer for evidence while users are affected. */
export const captureWithinMs = 10_000
/** Of each component: the others mostly show the same. */
const maxPods = 3
const tailLines = 60

/**
 * Reads what a rollback takes away, before it does: how the pods stand, their logs, those of the run before the last
 * restart, their events. All at the same time, and capped: what is not there by then is said to be missing.
 *
 * @throws the signal's reason when cancelled
 */
export async function capture(
  states: readonly ComponentState[],
  cluster: Cluster,
  signal: AbortSignal,
  withinMs = captureWithinMs,
): Promise<Captured[]> {
  const reading = cappedReading(signal, withinMs)
  const stop = reading.signal
  const read = async (title: string, work: () => Promise<readonly string[]>): Promise<Captured> => {
    try {
      return { title, lines: await work() }
    } catch (error) {
      return { title, lines: [`not read: ${reading.whyNot(error)}`] }
    }
  }
  const eventsOf = (kind: string, object: Pod | ComponentState['deployment']): Promise<Captured> => {
    const name = nameOf(object)
    return read(`Events of ${kind} ${name}`, async () => {
      const found = await cluster.events({ kind, name, uid: object.metadata?.uid }, stop)
      return found.map(({ reason, message }) => `${reason}: ${message}`)
    })
  }
  const captured = await Promise.all(
    states.flatMap((state) => {
      const pods = worstPods(state)
      const stand = { title: `Pods of ${nameOf(state.deployment)}`, lines: state.pods.map(describePod) }
      const logs = pods.flatMap((pod) =>
        containersOf(state.deployment).flatMap(({ name: container }) =>
          (restartsOf(pod) > 0 ? [true, false] : [false]).map((previous) =>
            read(`Log of ${nameOf(pod)}/${container}${previous ? ', run before' : ''}`, () =>
              containerLog(cluster, nameOf(pod), { container, tailLines, previous }, stop),
            ),
          ),
        ),
      )
      return [
        Promise.resolve(stand),
        ...logs,
        ...pods.map((pod) => eventsOf('Pod', pod)),
        eventsOf('Deployment', state.deployment),
      ]
    }),
  )
  return captured.filter(({ lines }) => lines.length > 0)
}

/** Of the template that is taken back, those in trouble first. */
function worstPods(state: ComponentState): Pod[] {
  return splitPods(state)
    .current.filter((pod) => !isTerminating(pod))
    .toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || restartsOf(b) - restartsOf(a))
    .slice(0, maxPods)
}
