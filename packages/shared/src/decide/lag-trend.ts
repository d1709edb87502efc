import { humanDuration } from '../runbook/durations.ts'
import { formatted, groupLag, messages, type GroupLag } from './group-lag.ts'
import type { GroupReading } from './group-reading.ts'
import { median } from './median.ts'
import type { NormalLag } from './normal-lag.ts'
import { mannKendall, theilSen, type Sample } from './trend-statistics.ts'

/** What a group is doing, by its readings over time. The first that holds counts. */
export type LagTrendKind =
  /** Members come and go so often that nobody gets to work. */
  | 'rebalance-storm'
  /** Offsets went back, and what was read already is read again. */
  | 'rewind'
  /** Messages wait, and nothing is committed. */
  | 'stall'
  /** Far above what was normal before the deployment, and still rising: the runbook's trigger. */
  | 'breach'
  | 'growing'
  /** Falling towards normal. */
  | 'recovering'
  /** Neither rising nor falling, and higher than before the deployment. */
  | 'elevated'
  | 'stable'
  /** Members changed a moment ago, or too little was read. */
  | 'too-early'

export interface LagTrend {
  readonly kind: LagTrendKind
  /** One sentence that names the group. */
  readonly sentence: string
}

/** A group's lag at a time. */
export interface LagPoint {
  readonly at: number
  readonly total: number
  /** Absent where only the total is known: of a process that has ended. */
  readonly detail?: LagDetail
}

export interface LagDetail {
  readonly reading: GroupReading
  readonly lag: GroupLag
  /** Committed offsets by partition. */
  readonly committed: ReadonlyMap<string, number>
}

export interface TrendLimits {
  /** Time over which lag must be stable or falling; statistics look at three times as much. Milliseconds. */
  readonly trendMs: number
  /** Readings right after a rebalance are left out, together no longer than this. Milliseconds. */
  readonly rebalanceCapMs: number
  /** Lag below this is never a trend, in messages. */
  readonly floor: number
  /** When the release began to be watched: its rollout was a rebalance. Milliseconds since the epoch. */
  readonly since: number
  /** What was normal before the deployment. */
  readonly normal: NormalLag | undefined
  /** Lag must stay below, in messages. */
  readonly max: number
  /** The runbook's trigger: messages above normal; undefined where it has none. */
  readonly growsBy: number | undefined
}

/** After members changed, a group needs this long to get back to work: a session times out, all fetch anew. */
const settleMs = 120_000
/** One in a hundred series without a trend is above it. */
const significant = 2.33
/** A rise below this share of the level is none, however even it is. */
const leastRise = 0.2
/** More rebalances in the trend time are a storm. */
const rebalancesInTrend = 3
/** Reading more than is written by this factor is draining. */
const draining = 1.05
/** Statistics over fewer readings say nothing. */
const fewestReadings = 6
/** Growth is remembered for as many looks. */
const rememberedLooks = 4
/** As many points make a baseline that knows how far lag swings by itself. */
const wellKnown = 10

/** A reading as a point of a trend; undefined where nothing was committed. */
export function lagPoint(reading: GroupReading): LagPoint | undefined {
  const lag = groupLag(reading)
  if (lag.partitions.length === 0) return undefined
  const committed = new Map(
    reading.partitions.flatMap((each): [string, number][] =>
      each.committed === undefined ? [] : [[keyOf(each), each.committed]],
    ),
  )
  return { at: reading.at, total: lag.total, detail: { reading, lag, committed } }
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`
}

/**
 * Judges what a group has been doing until its latest reading. `points` are in the order of time. Never compares first
 * with last: a burst, a batch, a rebalance would then be a trend (docs/decisions/0013-lag-trend.md).
 */
export function judgeTrend(group: string, points: readonly LagPoint[], limits: TrendLimits): LagTrend {
  const now = points.at(-1)
  if (now === undefined) return tooEarly(group, 0)
  const window = points.filter(({ at }) => at > now.at - 3 * limits.trendMs)
  const recent = points.filter(({ at }) => at >= now.at - limits.trendMs)
  const settled = withoutRebalances(window, limits)
  return (
    storm(group, recent, limits) ??
    rewind(group, window, limits) ??
    stall(group, recent, limits) ??
    statistics(group, settled, now, limits) ??
    early(group, window, limits)
  )
}

/** Leaves out the readings after each rebalance, until that would be more than the cap: a storm must not hide for ever. */
function withoutRebalances(points: readonly LagPoint[], { since, rebalanceCapMs }: TrendLimits): LagPoint[] {
  let unsettledUntil = since + Math.min(settleMs, rebalanceCapMs)
  let leftOutMs = 0
  let before: LagPoint | undefined
  const kept: LagPoint[] = []
  for (const point of points) {
    if (before !== undefined && isRebalance(before, point)) unsettledUntil = point.at + settleMs
    const stepMs = before === undefined ? 0 : point.at - before.at
    if (point.at < unsettledUntil && leftOutMs + stepMs <= rebalanceCapMs) leftOutMs += stepMs
    else kept.push(point)
    before = point
  }
  return kept
}

function isRebalance(before: LagPoint, after: LagPoint): boolean {
  const [was, is] = [before.detail?.reading, after.detail?.reading]
  if (was === undefined || is === undefined) return false
  if (is.state === 'rebalancing' && was.state !== 'rebalancing') return true
  return was.membership !== undefined && is.membership !== undefined && was.membership !== is.membership
}

function storm(group: string, recent: readonly LagPoint[], { trendMs }: TrendLimits): LagTrend | undefined {
  const changes = recent.filter((point, index) => {
    const before = recent[index - 1]
    return before !== undefined && isRebalance(before, point)
  }).length
  if (changes <= rebalancesInTrend) return undefined
  return {
    kind: 'rebalance-storm',
    sentence: `The members of ${group} changed ${changes} times within ${roughly(trendMs)}: it does not get to work.`,
  }
}

/**
 * Offsets that are behind where they have been, or were so in two readings in a row: what was read twice stays so when the
 * offsets are regained. A commit that comes late is behind in one reading at most.
 */
function rewind(group: string, window: readonly LagPoint[], { floor }: TrendLimits): LagTrend | undefined {
  const highest = new Map<string, number>()
  let [now, furthest] = [0, 0]
  for (const { detail } of window) {
    if (detail === undefined) continue
    const before = now
    now = 0
    for (const [partition, offset] of detail.committed) {
      const peak = Math.max(offset, highest.get(partition) ?? offset)
      highest.set(partition, peak)
      now += peak - offset
    }
    if (Math.min(before, now) >= floor) furthest = Math.max(furthest, before, now)
  }
  const back = Math.max(now, furthest)
  if (back < floor) return undefined
  return {
    kind: 'rewind',
    sentence: `The committed offsets of ${group} went back: ${messages(back)} are read a second time.`,
  }
}

/**
 * Partitions in which messages waited during the whole trend time and nothing was committed. A group that works commits
 * what waits, whether or not more arrives.
 */
function stall(
  group: string,
  recent: readonly LagPoint[],
  { trendMs, floor }: TrendLimits,
): LagTrend | undefined {
  const [first, last] = [recent[0], recent.at(-1)]
  if (first === undefined || last === undefined || recent.length < 3) return undefined
  // Readings are never exactly on time.
  if (last.at - first.at < 0.8 * trendMs) return undefined
  const details = recent.flatMap(({ detail }) => detail ?? [])
  const [start, end] = [details[0], details.at(-1)]
  if (start === undefined || end === undefined || details.length < recent.length) return undefined
  const waited = new Set(start.lag.partitions.filter(({ lag }) => lag > 0).map(keyOf))
  const stuck = end.lag.partitions.filter((each) => {
    const key = keyOf(each)
    const offset = start.committed.get(key)
    return each.lag > 0 && waited.has(key) && details.every(({ committed }) => committed.get(key) === offset)
  })
  const waiting = stuck.reduce((sum, { lag }) => sum + lag, 0)
  if (waiting < floor) return undefined
  const of = end.lag.partitions.length
  const where = stuck.length === of ? 'all its partitions' : `${stuck.length} of its ${of} partitions`
  return {
    kind: 'stall',
    sentence: `${group} has committed nothing in ${where} for ${roughly(trendMs)}, and ${messages(waiting)} wait there.`,
  }
}

/** What the settled readings say; undefined where they are too few. */
function statistics(
  group: string,
  settled: readonly LagPoint[],
  now: LagPoint,
  limits: TrendLimits,
): LagTrend | undefined {
  const first = settled[0]
  const last = settled.at(-1)
  // In the middle of a rebalance nothing is said of now by what was before it.
  if (first === undefined || last !== now || settled.length < fewestReadings) return undefined
  const samples = settled.map(({ at, total }): Sample => ({ at, value: total }))
  const lastThird = settled.slice(-thirdOf(settled.length))
  const lastSlope = theilSen(samples.slice(-thirdOf(settled.length)))
  const ratio = drainRatio(lastThird)
  const { growsBy, normal, floor } = limits
  const reference = normal?.median ?? Math.min(...samples.map(({ value }) => value))
  if (
    growsBy !== undefined &&
    lastSlope > 0 &&
    (ratio === undefined || ratio < 1) &&
    settled.slice(-3).every(({ total }) => total - reference > growsBy)
  ) {
    const than = normal === undefined ? 'the least since the rollout' : 'normal before the deployment'
    return {
      kind: 'breach',
      sentence: `${group} is ${messages(now.total - reference)} above ${than} (${formatted(reference)}), and lag is still growing.`,
    }
  }
  if (isGrowing(samples, floor)) {
    return {
      kind: 'growing',
      sentence: `${growth(group, now, lastSlope)}${projected(now, lastSlope, reference, growsBy)}`,
    }
  }
  const recent =
    median(settled.filter(({ at }) => at >= now.at - limits.trendMs).map(({ total }) => total)) ?? 0
  const usual = tolerated(limits)
  if (ratio !== undefined && ratio > draining && now.total > Math.min(usual, floor)) {
    return { kind: 'recovering', sentence: recovery(group, now, lastThird) }
  }
  if (recent > usual && settled.slice(-3).every(({ total }) => total > usual)) {
    return {
      kind: 'elevated',
      sentence: `${group} stays at ${messages(recent)}, while ${formatted(normal?.median ?? 0)} was normal before the deployment.`,
    }
  }
  return { kind: 'stable', sentence: `${group} is ${messages(now.total)} behind, and that is stable.` }
}

/**
 * Whether lag grows: over all samples, and still in their last third, and by more than it swings. Growth that was seen a
 * few readings ago goes on as long as lag has not come down since: noise must not hide it at every other look.
 */
function isGrowing(samples: readonly Sample[], floor: number): boolean {
  const value = samples.at(-1)?.value ?? 0
  if (value < floor) return false
  return Array.from({ length: rememberedLooks }, (_, back) => samples.slice(0, samples.length - back)).some(
    (until, back) =>
      grew(until, floor) && (back === 0 || value >= (median(until.map((each) => each.value)) ?? 0)),
  )
}

function grew(samples: readonly Sample[], floor: number): boolean {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || samples.length < fewestReadings) return false
  const values = samples.map(({ value }) => value)
  if (mannKendall(values) <= significant) return false
  const rise = theilSen(samples) * (last.at - first.at)
  if (rise <= leastRise * Math.max(median(values) ?? 0, floor)) return false
  return theilSen(samples.slice(-thirdOf(samples.length))) > 0
}

function thirdOf(count: number): number {
  return Math.max(3, Math.ceil(count / 3))
}

/**
 * The lag up to which a group is as it was before the deployment. A baseline of few points does not know how far lag
 * swings by itself, and gives more room: three quarters of what is allowed.
 */
function tolerated({ normal, floor, max }: TrendLimits): number {
  if (normal === undefined) return Number.POSITIVE_INFINITY
  const { median: middle, mad, points } = normal
  return points < wellKnown
    ? Math.max(3 * middle, 0.75 * max, floor)
    : Math.max(1.5 * middle, middle + 3 * 1.4826 * mad, floor)
}

/** Messages committed for each one that came in, over the points; undefined where that cannot be told. */
function drainRatio(points: readonly LagPoint[]): number | undefined {
  const moved = movement(points)
  if (moved === undefined) return undefined
  if (moved.arrived <= 0) return moved.committed > 0 ? Number.POSITIVE_INFINITY : undefined
  return moved.committed / moved.arrived
}

function movement(
  points: readonly LagPoint[],
): { readonly committed: number; readonly arrived: number; readonly ms: number } | undefined {
  const known = points.flatMap(({ detail }) => detail?.reading ?? [])
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  const before = new Map(first.partitions.map((each) => [keyOf(each), each]))
  let committed = 0
  let arrived = 0
  for (const each of last.partitions) {
    const earlier = before.get(keyOf(each))
    if (earlier?.committed === undefined || each.committed === undefined) continue
    committed += each.committed - earlier.committed
    arrived += each.logEnd - earlier.logEnd
  }
  return { committed, arrived, ms: last.at - first.at }
}

function growth(group: string, { total }: LagPoint, slope: number): string {
  return `The lag of ${group} grows: ${messages(total)} behind, ${formatted(slope * 60_000)} more each minute.`
}

/** Soon enough to be worth saying. */
const soonMs = 600_000

function projected(now: LagPoint, slope: number, reference: number, growsBy: number | undefined): string {
  if (growsBy === undefined) return ''
  const leftMs = (growsBy - (now.total - reference)) / slope
  return leftMs > 0 && leftMs < soonMs
    ? ` At this rate it is ${formatted(growsBy)} above normal in ${roughly(leftMs)}.`
    : ''
}

function recovery(group: string, { total }: LagPoint, points: readonly LagPoint[]): string {
  const moved = movement(points)
  const perMs = moved === undefined ? 0 : (moved.committed - moved.arrived) / moved.ms
  const eta = perMs > 0 ? `, gone in about ${roughly(total / perMs)} at this rate` : ''
  return `${group} is draining: ${messages(total)} behind${eta}.`
}

/**
 * Where there is too little to do statistics with: all readings at the level of before the deployment show that lag does
 * not rise; anything else has to be waited for.
 */
function early(group: string, window: readonly LagPoint[], limits: TrendLimits): LagTrend {
  const usual = Math.min(
    tolerated(limits),
    limits.normal === undefined ? limits.floor : Number.POSITIVE_INFINITY,
  )
  const normal = window.length >= 2 && window.every(({ total }) => total <= usual)
  if (!normal) return tooEarly(group, window.length)
  const last = window.at(-1)
  return {
    kind: 'stable',
    sentence: `${group} is ${messages(last?.total ?? 0)} behind, in ${window.length} readings so far; up to ${formatted(usual)} count as usual.`,
  }
}

function tooEarly(group: string, readings: number): LagTrend {
  return {
    kind: 'too-early',
    sentence: `Too early to tell whether the lag of ${group} rises: ${readings} ${readings === 1 ? 'reading' : 'readings'} since the rollout, or members changed a moment ago.`,
  }
}

/** Seconds below a minute and a half, whole minutes above. */
function roughly(ms: number): string {
  const unit = ms < 90_000 ? 1_000 : 60_000
  return humanDuration(Math.round(ms / unit) * unit)
}
