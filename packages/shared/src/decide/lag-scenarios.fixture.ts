// The pipelines on which the rules of lag are tried: healthy ones that swing, and faults.
import type { Chance } from './chance.fixture.ts'
import { secondsBefore } from './lag-simulation.fixture.ts'

export interface LagScenario {
  readonly name: string
  /** Healthy, or which fault it has from `faultAt` on. */
  readonly kind: 'healthy' | 'fault'
  /** How the pipeline differs from the even one, by a source of chance that belongs to the run. */
  readonly shape: (chance: Chance, perSecond: number) => Shape
}

/** What happens at a second, counted from the end of the rollout; negative before it. */
export interface Shape {
  /** Factor on the messages that come in. */
  readonly traffic?: (second: number) => number
  /** What the group can read, as a factor on the usual traffic; 1.2 to 2 where absent. */
  readonly speed?: (second: number, usual: number) => number
  /** Partitions that nobody reads at the second; `all` for a group at a standstill. */
  readonly stuck?: (second: number) => number | 'all'
  /** Changes with every rebalance. */
  readonly membership?: (second: number) => string
  readonly members?: (second: number) => number
  /** Messages by which the offsets of every partition go back, at the second. */
  readonly rewind?: (second: number) => number
}

/** A factor that wanders around 1 and comes back, as the speed of a service that shares its machine does. */
function wandering(chance: Chance, swing: number, seconds: number): () => number {
  let value = 0
  return () => {
    value += -value / seconds + swing * Math.sqrt(2 / seconds) * (chance.next() - 0.5) * Math.sqrt(12)
    return Math.max(0.2, 1 + value)
  }
}

/** Works a quarter of the time, at a speed that gives `average` over the period, so often that lag stays below 4,500. */
function inBatches(chance: Chance, perSecond: number, average: number): (second: number) => number {
  const period = Math.round(Math.min(chance.between(60, 240), 6_000 / perSecond))
  return (second) => ((second + secondsBefore) % period < period / 4 ? 4 * average : 0)
}

export const healthyLag: readonly LagScenario[] = [
  { name: 'steady and noisy', kind: 'healthy', shape: () => ({}) },
  {
    name: 'works in batches: a sawtooth',
    kind: 'healthy',
    shape: (chance, perSecond) => ({ speed: inBatches(chance, perSecond, 1.5) }),
  },
  {
    name: 'a rebalance: a spike of up to 10,000 that drains',
    kind: 'healthy',
    shape: (chance) => {
      const at = chance.between(120, 3_000)
      const lasts = chance.between(20, 100)
      return {
        stuck: (second) => (second >= at && second < at + lasts ? 'all' : 0),
        membership: (second) => (second < at ? 'new' : 'newer'),
      }
    },
  },
  {
    name: 'bursts of traffic',
    kind: 'healthy',
    shape: (chance) => {
      const [period, lasts] = [chance.between(600, 1_500), chance.between(30, 150)]
      const height = chance.between(1.5, 2.2)
      return { traffic: (second) => ((second + secondsBefore) % period < lasts ? height : 1) }
    },
  },
  {
    name: 'traffic that rises all day',
    kind: 'healthy',
    shape: () => ({ traffic: (second) => 1 + (0.15 * (second + secondsBefore)) / 5_400 }),
  },
  {
    name: 'a speed that wanders',
    kind: 'healthy',
    shape: (chance) => {
      const wander = wandering(chance, 0.12, chance.between(60, 240))
      return { speed: (_, usual) => usual * wander() }
    },
  },
  { name: 'hardly any traffic', kind: 'healthy', shape: () => ({ traffic: () => 0.01 }) },
]

export const lagFaults: readonly LagScenario[] = [
  {
    name: 'slow, noisy growth',
    kind: 'fault',
    shape: (chance) => {
      const wander = wandering(chance, 0.1, 120)
      return { speed: (second, usual) => (second < 0 ? usual : 0.92 * wander()) }
    },
  },
  {
    name: 'fast growth',
    kind: 'fault',
    shape: () => ({ speed: (second, usual) => (second < 0 ? usual : 0.5) }),
  },
  {
    name: 'growth in a sawtooth',
    kind: 'fault',
    shape: (chance, perSecond) => {
      const [well, ill] = [inBatches(chance, perSecond, 1.5), inBatches(chance, perSecond, 0.9)]
      return { speed: (second) => (second < 0 ? well(second) : ill(second)) }
    },
  },
  {
    name: 'stuck at 4,600, and nothing comes in any more',
    kind: 'fault',
    shape: (_, perSecond) => ({
      stuck: (second) => (second < 0 ? 0 : 'all'),
      traffic: (second) => (second < 4_600 / perSecond ? 1 : 0),
    }),
  },
  {
    name: 'flat at 4,600: it reads exactly what comes in',
    kind: 'fault',
    shape: (_, perSecond) => ({
      speed: (second, usual) => (second < 0 ? usual : second < 4_600 / perSecond ? 0 : 1),
    }),
  },
  {
    name: 'one of twelve partitions stuck',
    kind: 'fault',
    shape: () => ({ stuck: (second) => (second < 0 ? 0 : 1) }),
  },
  {
    name: 'nobody reads',
    kind: 'fault',
    shape: () => ({
      stuck: (second) => (second < 300 ? 0 : 'all'),
      members: (second) => (second < 300 ? 3 : 0),
    }),
  },
  {
    name: 'offsets set back by 24,000',
    kind: 'fault',
    shape: () => ({ rewind: (second) => (second === 301 ? 2_000 : 0) }),
  },
  {
    name: 'members come and go',
    kind: 'fault',
    shape: (chance) => {
      const period = chance.between(35, 60)
      return {
        membership: (second) => String(Math.floor(second / period)),
        stuck: (second) => (second >= 0 && second % period < 25 ? 'all' : 0),
      }
    },
  },
]
