import type { GroupReading } from '../decide/group-reading.ts'
import type { Clock } from '../ports.ts'
import type { ConsumerLag } from './consumer-lag.ts'
import { RememberedLag } from './remembered-lag.ts'

/** Lag that stands as the test says at each time. */
export function fakeLag(clock: Clock, readingAt: (group: string, at: number) => GroupReading): ConsumerLag {
  return new RememberedLag(
    'kafka at test:9092',
    (groups) => {
      const at = clock.now().getTime()
      return Promise.resolve(new Map(groups.map((group) => [group, { ...readingAt(group, at), group, at }])))
    },
    clock,
  )
}
