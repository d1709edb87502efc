// Simulated watches: an hour of made-up traffic and lag through the real gates and the real rule of the watch, look by look.
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { Chance } from '../decide/chance.fixture.ts'
import { healthyLag, lagFaults, type LagScenario } from '../decide/lag-scenarios.fixture.ts'
import { everyMs, secondsBefore, simulateLag } from '../decide/lag-simulation.fixture.ts'
import { decideWatch, newWatch } from '../decide/watch.ts'
import { fakeLag } from '../kafka/consumer-lag.fixture.ts'
import { appendPhase } from '../record/append.ts'
import type { GateResult } from '../record/gate-result.ts'
import { recordOf } from '../record/record.fixture.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates, type GateContext, type Occasion } from './gate.ts'
import { gatesFor } from './registry.ts'
import { sourcesOf } from './sources.fixture.ts'
import { metricFaults, simulateTraffic, type MetricFault } from './traffic.fixture.ts'

const minute = 60_000
/** When the rollout ended and the watch began. */
const since = Date.parse('2026-11-23T10:30:00Z')
const components = ['event-ingester', 'download-worker', 'result-processor']
const group = 'xact-download-worker'
const runbook = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })

/** What is watched: how lag goes, and what the metrics show. */
export interface WatchScenario {
  readonly name: string
  readonly isHealthy: boolean
  readonly lag: LagScenario
  readonly fault?: MetricFault
}

/** Healthy pipelines differ in how their lag swings; their metrics are always noisy. */
export const healthyWatches: readonly WatchScenario[] = healthyLag.map((lag) => ({
  name: lag.name,
  isHealthy: true,
  lag,
}))

const [evenLag] = healthyLag
if (evenLag === undefined) throw new Error('no healthy lag')

/** One thing is wrong in each, and everything else is healthy. */
export const faultyWatches: readonly WatchScenario[] = [
  ...lagFaults.map((lag) => ({ name: `lag: ${lag.name}`, isHealthy: false, lag })),
  ...metricFaults.map((fault) => ({ name: fault.name, isHealthy: false, lag: evenLag, fault })),
]

/** How a simulated watch ended. */
export interface PlayedWatch {
  readonly outcome: 'passed' | 'held' | 'triggered'
  readonly reason: string
  /** Minutes after the watch, or the fault in the metrics, began. */
  readonly afterMinutes: number
  readonly looks: number
  /** Looks at which a limit was broken at some gate. */
  readonly failedLooks: number
}

/**
 * Plays one watch with every gate that a watch asks; the same seed plays the same. Every second one knows of lag only what
 * it was at the preflight, as where a broker is asked, and not for half an hour before.
 */
export async function playWatch({ lag: scenario, fault }: WatchScenario, seed: number): Promise<PlayedWatch> {
  const chance = new Chance(seed)
  let now = since - secondsBefore * 1_000
  const clock = { now: () => new Date(now) }
  const faultAt = since + (fault === undefined ? 0 : Math.round(chance.between(0, 10)) * minute)
  const metrics = simulateTraffic(chance, components, since, fault, faultAt)
  const readings = new Map(simulateLag(scenario, chance).map((reading) => [since + reading.at, reading]))
  const lag = fakeLag(clock, (_, at) => {
    const reading = readings.get(at)
    if (reading === undefined) throw new Error(`nothing is simulated at ${new Date(at).toISOString()}`)
    return reading
  })
  const sources = sourcesOf({ metrics, lag, clock, cluster: new FakeCluster(...components) })
  const { signal } = new AbortController()
  const ask = (record: DeploymentRecord, occasion: Occasion, names?: ReadonlySet<string>) => {
    const context: GateContext = { ...sources, runbook, record, occasion, since: new Date(since) }
    const gates = gatesFor(occasion, runbook).filter(({ name }) => names?.has(name) ?? true)
    return runGates(gates, context, signal)
  }

  if (seed % 2 === 0) for (; now < since - 2 * minute; now += everyMs) await lag.read([group], signal)
  now = since - 2 * minute
  const watched = new Set(gatesFor('important', runbook).map(({ name }) => name))
  let record = withPhase(recordOf(), 'preflight', now, await ask(recordOf(), 'preflight', watched))
  record = withPhase(record, 'rollout', since)

  const limits = { until: since + runbook.watch.important.for, holdMs: runbook.watch.hold }
  let [state, looks, failedLooks] = [newWatch, 0, 0]
  for (now = since; ; now += everyMs) {
    const answers = await ask(record, 'important')
    looks += 1
    if (answers.some(({ verdict }) => verdict === 'fail')) failedLooks += 1
    const look = decideWatch(state, answers, now, limits)
    state = look.state
    if (look.decision.do === 'go-on') continue
    const { outcome, reason } = look.decision
    return { outcome, reason, afterMinutes: (now - faultAt) / minute, looks, failedLooks }
  }
}

function withPhase(
  record: DeploymentRecord,
  phase: 'preflight' | 'rollout',
  at: number,
  gates: readonly GateResult[] = [],
): DeploymentRecord {
  const [startedAt, endedAt] = [new Date(at - minute), new Date(at)]
  return appendPhase(record, { phase, startedAt, endedAt, outcome: 'passed', reason: '', gates: [...gates] })
}
