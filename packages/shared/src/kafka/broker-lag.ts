import { setTimeout as sleep } from 'node:timers/promises'
import type { GroupReading } from '../decide/group-reading.ts'
import { UserError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { addressText } from './broker-connection.ts'
import { BrokerConnections } from './broker-connections.ts'
import { PassingFailure } from './broker-error.ts'
import type { BrokerSettings } from './broker-settings.ts'
import { logIn, principalOf } from './login.ts'
import { readGroups } from './read-groups.ts'

const firstPauseMs = 100
const longestPauseMs = 1_000

/** Where a reader reads, for people. */
export function brokersText({ seeds }: Pick<BrokerSettings, 'seeds'>): string {
  return `kafka at ${seeds.map(addressText).join(', ')}`
}

/**
 * Reads the groups from the brokers, by connections of its own that are closed at the end. What may pass by itself (a
 * broker that restarts, a leader that moves) is tried again for as long as one connection may take to open; what has
 * not passed by then is an error, or `unread` where it concerns single partitions.
 *
 * @throws UserError with what is in the way; the signal's reason where that ends it
 */
export async function readFromBrokers(
  groups: readonly string[],
  settings: BrokerSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, GroupReading>> {
  const { seeds, tls, login, connectTimeoutMs, requestTimeoutMs } = settings
  const deadline = AbortSignal.timeout(connectTimeoutMs + requestTimeoutMs)
  const ended = AbortSignal.any([signal, deadline])
  const principal = principalOf(login)
  const giveUpAt = performance.now() + connectTimeoutMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const lastTry = performance.now() + pauseMs >= giveUpAt
    const brokers = new BrokerConnections(
      seeds,
      {
        tls,
        connectTimeoutMs,
        ...(login !== undefined && { login: (connection) => logIn(connection, login, ended) }),
      },
      ended,
    )
    try {
      const read = await readGroups(groups, brokers, principal, () => clock.now())
      if (!read.mayImprove || lastTry) return read.groups
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof PassingFailure)) throw error
      if (lastTry || deadline.aborted) throw new UserError(error.message, error.next, { cause: error })
    } finally {
      brokers.close()
    }
    await sleep(pauseMs, undefined, { signal })
  }
}
