import type { CoreV1Event } from '@kubernetes/client-node'
import type { Wire } from './resources.ts'

/** What Kubernetes reported about one object. */
export interface ObjectEvent {
  /** `Unhealthy`, `FailedCreate` */
  readonly reason: string
  readonly message: string
  readonly isWarning: boolean
  /** How often it happened; Kubernetes counts equal events together, and stops counting when there are very many. */
  readonly count: number
  readonly firstAt: string | undefined
  readonly lastAt: string | undefined
}

/** Both forms of an event, the older with counts and the newer with a series, as one; the oldest first. */
export function objectEvents(events: readonly Wire<CoreV1Event>[]): ObjectEvent[] {
  return events
    .map((event) => ({
      reason: event.reason ?? '',
      message: event.message ?? '',
      isWarning: event.type === 'Warning',
      count: event.series?.count ?? event.count ?? 1,
      firstAt: event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp,
      lastAt: event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? undefined,
    }))
    .sort((a, b) => timeOf(a) - timeOf(b))
}

function timeOf({ lastAt, firstAt }: ObjectEvent): number {
  return Date.parse(lastAt ?? firstAt ?? '') || 0
}
