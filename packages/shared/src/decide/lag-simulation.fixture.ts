// A pipeline to try the rules of lag on: partitions that messages come into, and a group that reads them, second by second.
import { groupLag } from './group-lag.ts'
import type { GroupReading } from './group-reading.ts'
import { judgeReading } from './lag-reading.ts'
import type { Scenario } from './lag-scenarios.fixture.ts'
import { judgeTrend, lagPoint, type LagPoint, type LagTrendKind } from './lag-trend.ts'
import { normalLag } from './normal-lag.ts'
import type { Verdict } from './verdict.ts'
import { judgeAbove } from './watched-lag.ts'

export type Random = () => number

const partitions = 12
const commitSeconds = 5
export const everyMs = 30_000
export const secondsBefore = 1_800
export const watchSeconds = 3_600
/** As long as a watch waits for trouble to heal. */
export const holdSeconds = 600

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A number of events where `mean` are expected. */
function poisson(mean: number, random: Random): number {
  if (mean > 30) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > limit; product *= random()) count += 1
  return count
}

export const between = (random: Random, low: number, high: number): number => low + random() * (high - low)

/** The readings of one run, from half an hour before the rollout until the longest watch ends. */
export function simulate({ kind, shape }: Scenario, seed: number): GroupReading[] {
  const random = seeded(seed)
  // A fault of a pipeline in which nothing happens is none yet.
  const perSecond = Math.exp(between(random, Math.log(kind === 'fault' ? 30 : 2), Math.log(100)))
  const usual = between(random, 1.2, 2)
  const skew = Array.from({ length: partitions }, () => between(random, 0.5, 1.5))
  const phase = Array.from({ length: partitions }, () => Math.floor(random() * commitSeconds))
  const { traffic, speed, stuck, membership, members, rewind } = shape(random, perSecond)
  const restart = between(random, 5, 40)

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
      const end = (logEnd[at] ?? 0) + poisson(expected * (traffic?.(second) ?? 1), random)
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

/** How a simulated watch ended. */
export interface PlayedWatch {
  readonly outcome: 'passed' | 'held' | 'triggered'
  readonly looks: number
  readonly failedLooks: number
  /** Minutes after the rollout. */
  readonly firstFailedMinute: number | undefined
}

const max = 5_000
const trendVerdict = (kind: LagTrendKind): Verdict =>
  kind === 'stable' || kind === 'recovering' ? 'pass' : kind === 'too-early' ? 'inconclusive' : 'fail'

/**
 * Watches a simulated release for an hour with the gates of lag, as the watch does: what stays bad for the time of a hold
 * ends it, and nothing passes while something is bad.
 *
 * @param knowsBefore whether the baseline is of half an hour, or of one reading
 */
export function playWatch(scenario: Scenario, seed: number, knowsBefore: boolean): PlayedWatch {
  const readings = simulate(scenario, seed)
  const before = readings.filter(({ at }) => at < -60_000)
  const limits = {
    trendMs: 300_000,
    rebalanceCapMs: 300_000,
    floor: 500,
    max,
    since: 0,
    normal: normalLag(knowsBefore ? before : before.slice(-1)),
    growsBy: 10_000,
  }
  const points: LagPoint[] = []
  const troubles = new Map<string, { readonly kind: 'breached' | 'missing'; readonly since: number }>()
  let [looks, failedLooks] = [0, 0]
  let firstFailedMinute: number | undefined
  const end = (outcome: PlayedWatch['outcome']): PlayedWatch => ({
    outcome,
    looks,
    failedLooks,
    firstFailedMinute,
  })
  for (const reading of readings.filter(({ at }) => at >= 0)) {
    const { at, group } = reading
    const point = lagPoint(reading)
    if (point !== undefined) points.push(point)
    const trend = judgeTrend(group, points, limits)
    const single = judgeReading(reading, groupLag(reading), {
      max,
      completeness: 0.8,
      uncommitted: 'ignore',
      afterRollout: true,
    })
    const verdicts = {
      'consumer-lag': single.kind === 'above' ? judgeAbove(group, points, max).verdict : single.verdict,
      'lag-trend': trendVerdict(trend.kind),
    }
    looks += 1
    if (Object.values(verdicts).includes('fail')) {
      failedLooks += 1
      firstFailedMinute ??= at / 60_000
    }
    if (trend.kind === 'breach') return end('triggered')
    for (const [gate, verdict] of Object.entries(verdicts)) {
      const kind = verdict === 'fail' ? 'breached' : verdict === 'pass' ? undefined : 'missing'
      if (kind === undefined) troubles.delete(gate)
      else if (troubles.get(gate)?.kind !== kind) troubles.set(gate, { kind, since: at })
    }
    const isLate = at >= (watchSeconds + holdSeconds) * 1_000
    if ([...troubles.values()].some(({ since }) => isLate || at - since >= holdSeconds * 1_000))
      return end('held')
    if (at >= watchSeconds * 1_000 && troubles.size === 0) return end('passed')
  }
  return end('held')
}
