import { messageOf } from '../../errors.ts'
import type { Logger } from '../../ports.ts'
import type { Sleeper } from '../../record/sleeper.ts'
import type { Cluster } from '../cluster.ts'
import { explain } from '../explain.ts'
import { heldAtKey, pausedReplicasKey } from './handle.ts'

/** What became of the components that were held. */
export interface GivenBack {
  /** One sentence for each that was held. */
  readonly sentences: readonly string[]
  /** Those that may be held still, because they could not be given back. */
  readonly left: readonly Sleeper[]
}

interface Ports {
  readonly cluster: Cluster
  /** Throws where nothing may be written any more. */
  readonly checkWrite: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Of the components that may be held, those that are. */
export async function heldAwake(
  sleepers: readonly Sleeper[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Sleeper[]> {
  const looked = await Promise.all(
    sleepers.map(async (sleeper) => ((await cluster.isHeld(sleeper, signal)) ? [sleeper] : [])),
  )
  return looked.flat()
}

/** How long a look may take that comes after the end: a runner ends a cancelled process soon. */
const lastLookMs = 2_000

/** The same in spite of what ended the phase; what cannot be told is said in the log. */
export async function heldLast(
  sleepers: readonly Sleeper[],
  cluster: Cluster,
  log: Pick<Logger, 'warn'>,
): Promise<readonly Sleeper[]> {
  try {
    return await heldAwake(sleepers, cluster, AbortSignal.timeout(lastLookMs))
  } catch (error) {
    log.warn(`Whether a component is held awake still could not be seen: ${messageOf(error)}`)
    return sleepers
  }
}

/** Gives back all components that are held. One that cannot be given back is told, and does not stop the others. */
export async function giveBackAll(
  sleepers: readonly Sleeper[],
  { cluster, checkWrite, log, signal }: Ports,
): Promise<GivenBack> {
  const sentences: string[] = []
  const left: Sleeper[] = []
  for (const sleeper of sleepers) {
    const woken = `${sleeper.deployment} was woken for its validation and`
    try {
      checkWrite()
      const end = await cluster.giveBack(sleeper, signal)
      if (end === 'not-held') continue
      sentences.push(
        `${woken} is ${end === 'given-back' ? backTo(sleeper) : 'left as somebody has scaled it since'}.`,
      )
    } catch (error) {
      left.push(sleeper)
      sentences.push(`${woken} could not be given back: ${messageOf(explain(error))}`)
    }
    log.info(sentences.at(-1) ?? '')
  }
  return { sentences, left }
}

function backTo({ scaledObject }: Sleeper): string {
  return scaledObject === undefined
    ? 'scaled to zero again'
    : `given back to its ScaledObject "${scaledObject}", which decides its replicas again`
}

/** The commands that give held components back by hand. */
export function giveBackCommands(held: readonly Sleeper[], namespace: string): string[] {
  return held.flatMap(({ deployment, scaledObject }) =>
    scaledObject === undefined
      ? [
          `kubectl scale deployment/${deployment} --replicas=0 -n ${namespace}`,
          `kubectl annotate deployment/${deployment} ${heldAtKey}- -n ${namespace}`,
        ]
      : [`kubectl annotate scaledobject/${scaledObject} ${pausedReplicasKey}- ${heldAtKey}- -n ${namespace}`],
  )
}

/** `result-processor at 1 replica, …`: what is held. */
export function describeHeld(held: readonly Sleeper[]): string {
  return held
    .map(
      ({ deployment, replicas }) => `${deployment} at ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`,
    )
    .join(', ')
}
