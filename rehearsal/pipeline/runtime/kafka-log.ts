import type { LogEntry } from 'kafkajs'
import { logLevel } from 'kafkajs'
import { log } from './log.ts'

/**
 * kafkajs reports as errors what it then handles by itself: every answer of a broker with an error code ("the group is
 * rebalancing", "the member needs an id"), which it retries or throws to us. Those answers are left out here, the rest
 * are warnings. What ends a service is logged where it ends.
 */
export function logKafka({ namespace, level, log: entry }: LogEntry): void {
  if (level > logLevel.ERROR) return
  if (namespace === 'Connection' && entry.message.startsWith('Response ')) return
  const detail = typeof entry.error === 'string' ? ` (${entry.error})` : ''
  log.warn(`kafka ${namespace}: ${entry.message}${detail}`)
}
