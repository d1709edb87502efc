import { describe, expect, it } from '@jest/globals'
import { TEN_LINES } from './example.ts'
import { loadRunbook } from './load.ts'
import type { Series } from './fields.ts'
import type { Runbook } from './schema.ts'
import { WATCHED_GATES } from './schema/names.ts'
import { GATES } from './schema/names.ts'
import { Template } from './template.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const load = (text: string) => loadRunbook(text, { file: 'runbook.yaml' })

describe('the ten lines', () => {
  const runbook = load(TEN_LINES)

  it('are ten', () => {
    expect(TEN_LINES.trim().split('\n')).toHaveLength(10)
  })

  it('keep the order of environments and components', () => {
    expect(Object.keys(runbook.environments)).toEqual(['staging', 'production'])
    expect(runbook.components.map(({ deployment }) => deployment)).toEqual([
      'event-ingester',
      'download-worker',
      'result-processor',
    ])
  })

  it('get the limits and times of the runbook', () => {
    // Step 1 and step 5.
    expect(runbook.gates.consumerLag.max).toBe(5000)
    expect(runbook.gates.errorRate.max).toBe(0.01)
    expect(runbook.gates.latencyP95.max).toBe(5 * SECOND)
    expect(runbook.gates.restarts.max).toBe(0)
    expect(runbook.gates.downloadSuccess.min).toBe(0.95)
    expect(runbook.watch.critical).toEqual({
      for: 15 * MINUTE,
      gates: ['consumer-lag', 'error-rate', 'latency-p95', 'restarts'],
    })
    expect(runbook.watch.important).toEqual({
      for: HOUR,
      gates: ['download-success', 'upload-latency', 'retry-rate', 'dlq-rate', 'circuit-breaker'],
    })
    // Step 3 and the rollback.
    expect(runbook.rollout.deadline).toBe(10 * MINUTE)
    expect(runbook.rollback.within).toBe(5 * MINUTE)
    expect(runbook.rollback.triggers).toEqual([
      { gate: 'error-rate', above: 0.05, for: 5 * MINUTE },
      { gate: 'consumer-lag', growsBy: 10_000 },
      { gate: 'circuit-breaker', opens: true },
    ])
    // Canary and hotfix.
    expect(runbook.canary.margins).toEqual({
      errors: 0.01,
      latency: SECOND,
      latencyRatio: 0.1,
      throughput: 0.8,
    })
    expect(runbook.environments.staging?.soak).toBe(15 * MINUTE)
    expect(runbook.changes.hotfix.watch).toBe(30 * MINUTE)
    // Step 4 and the configuration change.
    expect(runbook.components.map(({ logs }) => logs.lines)).toEqual([50, 50, 50])
    expect(runbook.config).toMatchObject({ verifyEnv: ['KAFKA_'], logLines: 100 })
    expect(runbook.components[0]?.health).toEqual({ port: 8000, path: '/health', timeout: 5 * SECOND })
    expect(runbook.components[0]?.metrics).toMatchObject({ port: 8000, path: '/metrics', expect: [] })
  })

  it('get the times after which waiting for a pod is over', () => {
    expect(runbook.rollout).toMatchObject({ imagePull: 42 * SECOND, restarts: 2, unschedulable: 2 * MINUTE })
  })

  it('put the component with a consumer group into the canary, by the steps of the runbook', () => {
    expect(runbook.components.map(({ canary }) => canary)).toEqual([
      false,
      {
        steps: [
          { share: 0.1, hold: 30 * MINUTE },
          { share: 0.5, hold: 15 * MINUTE },
        ],
      },
      false,
    ])
  })

  it('have no section that somebody must have decided on', () => {
    for (const key of ['prometheus', 'migrations', 'notify'] as const) expect(runbook).not.toHaveProperty(key)
  })

  it('name metrics that Prometheus and a plain scrape can select', () => {
    const series: Series = runbook.gates.downloadSuccess.successes
    expect(series).toEqual({ name: 'downloads_total', labels: { outcome: 'success' } })
    expect(runbook.gates.errorRate.errors).toEqual({ name: 'kafka_processing_errors_total', labels: {} })
  })
})

describe('a whole file', () => {
  const text = `# yaml-language-server: $schema=../schema/runbook.schema.json
version: 1
pipeline: kafka-pipeline
environments:
  staging:    { namespace: kafka-pipeline-staging, soak: 20m, strategy: rolling }
  pre-prod:   { namespace: kafka-pipeline-pre }
  production: { namespace: kafka-pipeline }
kafka:
  brokers: ["\${KAFKA_BROKERS}", "kafka-0.kafka:9092"]
  tls: { ca: "\${KAFKA_CA}", server-name: kafka.example }
  sasl: { mechanism: scram-sha-512 }
prometheus: { service: { namespace: monitoring, name: prometheus }, headers: { X-Scope: "team-\${TEAM}" } }
dashboards: { Pipeline overview: "https://grafana.example/d/pipeline?var-ns=kafka" }
components:
  - deployment: event-ingester
    health: { path: /healthz?full=1 }
    metrics: { expect: [kafka_messages_consumed_total] }
    logs: { errors: ['\\berror\\b'], ignore: ['error_count=0'] }
    wake: 1
  - deployment: download-worker
    container: worker
    image: registry.example:5000/team/download-worker
    manifest: deployments/download-worker.yaml
    consumer-group: xact-download-worker
    canary: { steps: [ { share: 10%, hold: 30m }, { share: 50%, hold: 15m } ] }
  - { deployment: result-processor, health: false, metrics: false, consumer-group: results, canary: false }
config: { config-map: kafka-pipeline-config, manifest: config/kafka-pipeline-config.yaml, verify-env: [KAFKA_] }
gates:
  consumer-lag: { max: 5000 }
  error-rate:   { max: 1%, absent: zero, query: 'sum(rate(errors{$selector}[$window]))' }
  latency-p95:  { max: 5s }
  documentation: { mode: off }
watch:
  critical:  { for: 15m, gates: [consumer-lag, error-rate, latency-p95, restarts] }
rollback:
  triggers:
    - { gate: error-rate, above: 5%, for: 5m }
    - { gate: latency-p95, above: 20s }
    - { gate: download-success, below: 80% }
    - { gate: dlq-rate, above: 100, for: 2m }
    - { gate: restarts, above: 3 }
    - { gate: consumer-lag, grows-by: 10000 }
    - { gate: circuit-breaker, opens: true }
window:
  time-zone: Europe/Berlin
  hours: "Mon-Thu 09:00-17:00, Fri 09:00-12:00"
  holidays: DE-BE
  avoid: [friday-afternoon, day-before-holiday, weekend, holiday]
  days-off: [{ date: 2026-12-24, name: company day }]
  freezes: [{ from: 2026-11-27, to: 2026-11-30, reason: Black Friday }, { from: 2026-12-31 }]
changes:
  minor:  { approvers: 2 }
  hotfix: { watch: 45m }
approval: { by: comment, people: [marc, acme/leads] }
migrations: { tool: alembic, job: deployments/migrate.yaml, backup: deployments/backup.yaml, verify: [files] }
ticket: { labels: [deployment], link: "https://tracker.example/browse/{item}" }
notify: { webhook: "\${DEPLOY_WEBHOOK}", format: slack, on-call: "@data-oncall" }
lock: { handover: 20m }
follow-up: { third: 7d }
`
  const runbook = load(text)

  it('is read with camel case keys, in sections only', () => {
    expect(Object.keys(runbook.environments)).toEqual(['staging', 'pre-prod', 'production'])
    expect(Object.keys(runbook.dashboards)).toEqual(['Pipeline overview'])
    expect(runbook.prometheus?.headers).toEqual({ 'X-Scope': new Template('team-${TEAM}') })
    expect(runbook.notify).toMatchObject({ format: 'slack', onCall: '@data-oncall' })
    expect(runbook.followUp.third).toBe(7 * 24 * HOUR)
  })

  it('leaves nothing in kebab case that is a key of ours', () => {
    const own = (value: unknown): string[] =>
      typeof value !== 'object' || value === null || value instanceof Template
        ? []
        : Object.entries(value).flatMap(([key, item]) => [key, ...own(item)])
    const { environments, dashboards, prometheus, ...rest } = runbook
    expect(own(rest).filter((key) => key.includes('-'))).toEqual([])
    expect(own(Object.values(environments))).not.toContain('pre-prod')
    expect([dashboards, prometheus]).not.toContain(undefined)
  })

  it('fills in what each entry leaves out', () => {
    expect(
      runbook.components.map(({ container, canary, health }) => [
        container,
        canary !== false,
        health !== false,
      ]),
    ).toEqual([
      ['event-ingester', false, true],
      ['worker', true, true],
      ['result-processor', false, false],
    ])
    expect(runbook.rollback.triggers[1]).toEqual({ gate: 'latency-p95', above: 20 * SECOND, for: 5 * MINUTE })
    expect(runbook.window.freezes).toEqual([
      { from: '2026-11-27', to: '2026-11-30', reason: 'Black Friday' },
      { from: '2026-12-31', to: '2026-12-31' },
    ])
    expect(runbook.kafka?.sasl).toEqual({
      mechanism: 'scram-sha-512',
      username: new Template('${KAFKA_USERNAME}'),
      password: new Template('${KAFKA_PASSWORD}'),
    })
    expect(runbook.changes.minor).toMatchObject({ approvers: 2, risk: 'medium' })
  })

  it('keeps the hours as written, and read', () => {
    expect(runbook.window.hours.text).toBe('Mon-Thu 09:00-17:00, Fri 09:00-12:00')
    expect(runbook.window.hours.ranges).toHaveLength(5)
  })

  it('can be put into a record and holds numbers for all times', () => {
    const again = JSON.parse(JSON.stringify(runbook)) as Runbook
    expect(again.watch).toEqual(runbook.watch)
    expect(JSON.stringify(runbook)).toContain('${KAFKA_CA}')
  })
})

describe('names', () => {
  it('of watched gates are gates, and each gate has a section', () => {
    expect(GATES).toEqual(expect.arrayContaining([...WATCHED_GATES]))
    const camel = (name: string) => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    expect(Object.keys(load(TEN_LINES).gates).toSorted()).toEqual(GATES.map(camel).toSorted())
  })
})
