// A deployment that is watched, for tests of the gates that ask for metrics.
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { quietPipeline, type FakeMetrics } from '../metrics/metrics.fixture.ts'
import type { Baseline } from '../record/gate-result.ts'
import { appendPhase } from '../record/append.ts'
import { planned, recordOf } from '../record/record.fixture.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates, type Gate, type GateContext, type Occasion } from './gate.ts'
import type { GateResult } from '../record/gate-result.ts'
import type { Sources } from './sources.ts'
import { contextOf } from './sources.fixture.ts'

export const components = ['event-ingester', 'download-worker', 'result-processor']
/** When the rollout ended and the watch began. */
export const watchedSince = new Date('2026-11-23T10:30:00Z')
export const minute = 60_000
export const atMinute = (minutes: number): Date => new Date(watchedSince.getTime() + minutes * minute)

export interface Asking {
  readonly occasion?: Occasion
  /** Minutes since the watch began. */
  readonly at?: number
  /** More of the runbook file. */
  readonly runbook?: string
  readonly baseline?: Partial<Omit<Baseline, 'median'>> & { readonly median: number }
  readonly cluster?: FakeCluster
  /** Deployments that are woken for their validation only. */
  readonly sleepers?: readonly string[]
}

/** The runner's answer of one gate. */
export async function askGate<Needs extends keyof Sources>(
  gate: Gate<Needs>,
  metrics: FakeMetrics = quietPipeline(...components),
  {
    occasion = 'critical',
    at = 15,
    runbook = '',
    baseline,
    cluster = new FakeCluster(...components),
    sleepers = [],
  }: Asking = {},
): Promise<GateResult> {
  const context: GateContext = contextOf({
    runbook: loadRunbook(`${TEN_LINES}${runbook}\n`, { file: 'runbook.yaml' }),
    record: recordWith(gate.name, baseline, sleepers),
    occasion,
    since: watchedSince,
    clock: { now: () => atMinute(at) },
    metrics,
    cluster,
  })
  const [result] = await runGates([gate], context, new AbortController().signal)
  if (result === undefined) throw new Error('no answer')
  return result
}

function recordWith(
  gate: string,
  baseline: Asking['baseline'],
  sleepers: readonly string[],
): DeploymentRecord {
  const at = new Date('2026-11-23T10:00:00Z')
  const asked: GateResult = {
    gate,
    question: '?',
    verdict: 'pass',
    answer: '',
    evidence: [],
    at: at.toISOString(),
    tookMs: 0,
  }
  const normal = {
    from: at.toISOString(),
    to: at.toISOString(),
    mad: 0,
    points: 30,
    unit: '',
    source: '',
  }
  const gates = baseline === undefined ? [] : [{ ...asked, baseline: { ...normal, ...baseline } }]
  const times = { startedAt: at, endedAt: at, outcome: 'passed', reason: '' } as const
  const plan = components.map((name) =>
    planned(name, sleepers.includes(name) ? { wake: { replicas: 1 } } : {}),
  )
  const checked = appendPhase(recordOf({ plan }), { ...times, phase: 'preflight', gates })
  return appendPhase(checked, { ...times, phase: 'rollout', startedAt: new Date('2026-11-23T10:20:00Z') })
}
