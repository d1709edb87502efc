// A pipeline to try the rules of lag on: partitions that messages come into, and a group that reads them, second by second.
import type { Chance } from './chance.fixture.ts'
import type { GroupReading } from './group-reading.ts'
import type { LagScenario } from './lag-scenarios.fixture.ts'

const partitions = 12
const commitSeconds = 5
export const everyMs = 30_000
/** Readings begin so long before the end of the rollout. */
export const secondsBefore = 1_800
export const watchSeconds = 3_600
/** As long as a watch waits for trouble to heal. */
export const holdSeconds = 600

/** The readings of one run, from half an hour before the rollout until the longest watch ends. */
export function simulateLag({ kind, shape }: LagScenario, chance: Chance): GroupReading[] {
  // A fault of a pipeline in which nothing happens is none yet.
  const perSecond = Math.exp(chance.between(Math.log(kind === 'fault' ? 30 : 2), Math.log(100)))
  const usual = chance.between(1.2, 2)
  const skew = Array.from({ length: partitions }, () => chance.between(0.5, 1.5))
  const phase = Array.from({ length: partitions }, () => Math.floor(chance.next() * commitSeconds))
  const { traffic, speed, stuck, membership, members, rewind } = shape(chance, perSecond)
  const restart = chance.between(5, 40)

  const logEnd = skew.map(() => 1_000_000)
  const position = [...logEnd]
  const committed = [...logEnd]
  const readings: GroupReading[] = []
  for (let second = -secondsBefore; second <= watchSeconds + holdSeconds; second += 1) {
    const back = rewind?.(second) ?? 0
    const halted = stuck?.(second) ?? 0
    const pace = speed?.(second, usual) ?? usual
    // The rollout itself: the group stands still for a moment at its end.
    const standsStill = halted === 'all' || (second >= -restart && second < 0)
    for (let at = 0; at < partitions; at += 1) {
      const expected = (perSecond / partitions) * (skew[at] ?? 1)
      const end = (logEnd[at] ?? 0) + chance.poisson(expected * (traffic?.(second) ?? 1))
      const reads = standsStill || at < halted ? 0 : expected * pace
      logEnd[at] = end
      const next = Math.min(end, (position[at] ?? 0) + reads) - back
      position[at] = next
      const commits = reads > 0 && (second + (phase[at] ?? 0)) % commitSeconds === 0
      if (commits || back > 0) committed[at] = Math.floor(next)
    }
    if (second % (everyMs / 1_000) !== 0) continue
    const count = members?.(second) ?? 3
    readings.push({
      group: 'xact-download-worker',
      at: second * 1_000,
      protocol: 'classic',
      state: count === 0 ? 'empty' : 'stable',
      members: count,
      membership: second < 0 ? 'old' : (membership?.(second) ?? 'new'),
      partitions: logEnd.map((end, partition) => ({
        topic: 'events',
        partition,
        committed: committed[partition],
        logStart: 0,
        logEnd: end,
        owned: count > 0,
      })),
      unread: [],
    })
  }
  return readings
}
