// Sources for tests: a cluster in memory, and nothing else that answers unless the test gives it.
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { UserError } from '../errors.ts'
import { quietPipeline } from '../metrics/metrics.fixture.ts'
import { systemClock } from '../ports.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import type { GateContext } from './gate.ts'
import type { Sources } from './sources.ts'

function refuse(what: string): () => Promise<never> {
  return () => Promise.reject(new UserError(`The test gives no ${what}.`))
}

export function sourcesOf(given: Partial<Sources> = {}): Sources {
  const [lag, metrics, alerts, registry] = ['consumer lag', 'metrics', 'alerts', 'registry'].map(refuse) as [
    () => Promise<never>,
    () => Promise<never>,
    () => Promise<never>,
    () => Promise<never>,
  ]
  const close = (): Promise<void> => Promise.resolve()
  return {
    cluster: new FakeCluster(),
    lag: { source: 'no broker', read: lag, history: lag, byHand: () => 'nothing', close },
    metrics: {
      source: 'no metrics',
      stepMs: 60_000,
      counted: metrics,
      observed: metrics,
      gauges: metrics,
      custom: metrics,
      byHand: () => 'nothing',
    },
    alerts: { source: undefined, firing: alerts, rules: alerts },
    dashboards: { missing: () => Promise.resolve(undefined), close },
    registry: { look: registry, close },
    forge: undefined,
    files: { read: refuse('files') },
    commands: { run: refuse('commands') },
    clock: systemClock,
    ...given,
  }
}

/** A pipeline that works well, wherever it is looked at. */
export function goodSources(cluster: FakeCluster, given: Partial<Sources> = {}): Sources {
  return sourcesOf({ cluster, metrics: quietPipeline(...cluster.states.keys()), ...given })
}

export function contextOf(given: Partial<GateContext> = {}): GateContext {
  return {
    ...sourcesOf(given),
    runbook: loadRunbook(TEN_LINES, { file: 'runbook.yaml' }),
    record: recordOf(),
    occasion: 'preflight',
    ...given,
  }
}
