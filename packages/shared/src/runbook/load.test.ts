import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { UserError } from '../errors.ts'
import { TEN_LINES } from './example.ts'
import { loadRunbook } from './load.ts'
import { RunbookError } from './runbook-error.ts'

const load = (text: string) => loadRunbook(text, { file: 'runbook.yaml' })

/** The messages, one per problem; the file must not load. */
function problemsOf(text: string): string[] {
  try {
    load(text)
  } catch (error) {
    if (error instanceof RunbookError) return error.message.split('\n').slice(1)
    throw error
  }
  throw new Error('the file loads')
}

describe('ten mistakes', () => {
  const text = `version: 2
pipeline: Kafka_Pipeline
environments:
  production: { namespace: kafka-pipeline, soak: 15 minutes }
kafka: { brokers: ["\${KAFKA_BROKERS}"] }
components:
  - deployment: event-ingester
    logs: { errors: ['\\berror\\b', '('] }
  - { deployment: download-worker, image: "registry.example/download-worker:v1" }
  - { deployment: event-ingester, consumer-grp: xact-download-worker }
gates:
  error-rate: { max: 1 }
watch:
  critical: { gates: [consumer-lags] }
rollout: { dedline: 10m }
`

  it('give ten messages with place, path, what was found and what is valid', () => {
    const error = catchError(() => load(text))
    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toBe(
      `runbook.yaml has 10 problems:
runbook.yaml:1:10: version: found 2, expected 1
runbook.yaml:2:11: pipeline: found "Kafka_Pipeline", expected a DNS-1123 name (lower case letters, digits and "-", at most 63 characters) such as kafka-pipeline
runbook.yaml:4:50: environments.production.soak: found "15 minutes", expected a duration such as 30s, 15m, 1h or 1h30m, at most 14d
runbook.yaml:8:35: components[0].logs.errors[1]: "(" is no regular expression: Unterminated group
runbook.yaml:9:43: components[1].image: the image carries a tag; leave it off: the version that is deployed is the tag
runbook.yaml:10:19: components[2].deployment: "event-ingester" is components[0] already; each Deployment stands once
runbook.yaml:10:35: components[2].consumer-grp: unknown key; did you mean "consumer-group"? Known keys: deployment, container, image, manifest, consumer-group, health, metrics, logs, canary, wake
runbook.yaml:12:22: gates.error-rate.max: found 1, expected a percentage such as 1% or 0.5%
runbook.yaml:14:23: watch.critical.gates[0]: found "consumer-lags", expected one of "consumer-lag", "error-rate", "latency-p95", "restarts", "download-success", "upload-latency", "retry-rate", "dlq-rate", "circuit-breaker"; did you mean "consumer-lag"?
runbook.yaml:15:12: rollout.dedline: unknown key; did you mean "deadline"? Known keys: deadline, image-pull, restarts, unschedulable, settle`,
    )
  })

  it('are data, too', () => {
    const error = catchError(() => load(text))
    if (!(error instanceof RunbookError)) throw error
    expect(error.file).toBe('runbook.yaml')
    expect(error.problems).toHaveLength(10)
    expect(error.problems[0]).toEqual({
      line: 1,
      column: 10,
      path: 'version',
      message: 'found 2, expected 1',
    })
    expect(error.next).toBe('Mend the file; docs/runbook-file.md describes every key')
  })
})

function catchError(attempt: () => unknown): Error {
  try {
    attempt()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}

describe('the file as a whole', () => {
  it.each([
    ['empty', ''],
    ['only a comment', '# later\n'],
    ['null', '~\n'],
    ['an empty document', '---\n'],
  ])('is empty: %s', (_, text) => {
    expect(problemsOf(text)).toEqual([
      'runbook.yaml:1:1: the file is empty; the shortest runbook has version, pipeline, environments and components',
    ])
  })

  it.each([
    ['- 1\n', 'found a list, expected a mapping of keys'],
    ['text\n', 'found "text", expected a mapping of keys'],
    ['5\n', 'found 5, expected a mapping of keys'],
  ])('is no mapping: %j', (text, message) => {
    expect(problemsOf(text)).toEqual([`runbook.yaml:1:1: ${message}`])
  })

  it('is one document', () => {
    expect(problemsOf(`${TEN_LINES}---\nversion: 1\n`)).toEqual([
      'runbook.yaml:11:1: a second document begins here; a runbook is one document, without "---" in between',
    ])
    expect(load(`---\n${TEN_LINES}`).pipeline).toBe('kafka-pipeline')
  })

  it('is not endless', () => {
    expect(problemsOf(`# ${'x'.repeat(300_000)}\n${TEN_LINES}`)).toEqual([
      'runbook.yaml:1:1: the file is longer than 256 KiB',
    ])
  })

  it('lists what is missing', () => {
    expect(problemsOf('version: 1\n')).toEqual([
      'runbook.yaml:1:1: pipeline: missing; expected a DNS-1123 name (lower case letters, digits and "-", at most 63 characters) such as kafka-pipeline',
      'runbook.yaml:1:1: environments: missing; expected a mapping of names',
      'runbook.yaml:1:1: components: missing; expected a list',
    ])
  })

  it('may begin with a byte order mark and have Windows line ends', () => {
    expect(load(`\uFEFF${TEN_LINES.replaceAll('\n', '\r\n')}`)).toEqual(load(TEN_LINES))
  })
})

describe('YAML', () => {
  it('says what is no YAML, everything at once, and nothing else', () => {
    expect(problemsOf('version: 1\npipeline: a: b\nkafka: { brokers: [x }\n\tcanary: 1\n')).toEqual([
      'runbook.yaml:2:11: not valid YAML: Nested mappings are not allowed in compact mappings',
      expect.stringMatching(/^runbook\.yaml:3:\d+: not valid YAML: /),
      'runbook.yaml:4:2: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
    ])
  })

  it('refuses a key that stands twice, with the line of the first, next to other problems', () => {
    const text = TEN_LINES.replace(
      '  - deployment: result-processor',
      '  - { deployment: a, wake: 1, wake: 2 }',
    )
    expect(problemsOf(`${text}pipeline: other\nrollout: { settle: soon }\n`)).toEqual([
      'runbook.yaml:10:31: components[2].wake: the key stands twice, already in line 10; delete one',
      'runbook.yaml:11:1: pipeline: the key stands twice, already in line 2; delete one',
      'runbook.yaml:12:20: rollout.settle: found "soon", expected a duration such as 30s, 15m, 1h or 1h30m, at most 14d',
    ])
  })

  it('refuses tags, directives and keys that are no text', () => {
    expect(problemsOf(`${TEN_LINES}dashboards: !!js/function "x"\n`)).toEqual([
      'runbook.yaml:11:13: not valid YAML: Unresolved tag: tag:yaml.org,2002:js/function',
    ])
    expect(problemsOf(`%YAML 1.1\n---\n${TEN_LINES}`)).toEqual([
      'runbook.yaml:1:1: a %YAML directive is not supported; the file is YAML 1.2',
    ])
    expect(problemsOf(`${TEN_LINES}? [a]\n: b\n`)).toEqual([
      expect.stringMatching(/^runbook\.yaml:11:3: not valid YAML: With stringKeys, all keys must be strings/),
    ])
  })

  it('reads aliases and points at what they stand for', () => {
    const shared = TEN_LINES.replace(
      'event-ingester',
      'event-ingester\n    health: &health { port: 9000 }',
    ).replace('result-processor', 'result-processor\n    health: *health')
    expect(load(shared).components.map(({ health }) => (health === false ? 0 : health.port))).toEqual([
      9000, 8000, 9000,
    ])
    const wrong = problemsOf(shared.replace('port: 9000', 'port: none'))
    expect(wrong).toEqual([
      'runbook.yaml:9:29: components[0].health.port: found "none", expected a port from 1 to 65535',
      'runbook.yaml:9:29: components[2].health.port: found "none", expected a port from 1 to 65535',
    ])
  })

  it('refuses aliases without anchor, in themselves, and those that multiply', () => {
    expect(problemsOf('a: *nowhere\n')).toEqual([
      'runbook.yaml:1:4: not valid YAML: the alias *nowhere has no anchor before it',
    ])
    expect(problemsOf('a: &a [1, *a]\n')).toEqual([
      'runbook.yaml:1:11: the alias *a stands for something that contains it',
    ])
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`,
    )
    const bomb = `l0: &l0 [lol]\n${levels.join('\n')}\n`
    expect(problemsOf(bomb)).toEqual([
      'runbook.yaml:1:1: the aliases of the file expand to more than 100 values',
    ])
  })

  it('does not take prototype keys for anything else than unknown keys', () => {
    expect(problemsOf(`${TEN_LINES}__proto__: { a: 1 }\nconstructor: 1\n`)).toEqual([
      expect.stringMatching(/^runbook\.yaml:11:1: __proto__: unknown key\./),
      expect.stringMatching(/^runbook\.yaml:12:1: constructor: unknown key\./),
    ])
  })

  it('either loads or reports problems with places inside the text, whatever it is given', () => {
    const line = fc.constantFrom(
      ...TEN_LINES.split('\n'),
      'gates: { consumer-lag: { max: -1 } }',
      'rollback: { triggers: [{ gate: error-rate }] }',
      'x: &x [*x]',
      '? a',
      '- b',
      '  {',
      'window: { hours: "Mon 9-5" }',
      'kafka: [',
      '---',
      '"',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 14 }), (lines) => {
        const text = lines.join('\n')
        try {
          load(text)
        } catch (error) {
          if (!(error instanceof RunbookError)) throw error
          expect(error.problems.length).toBeGreaterThan(0)
          for (const problem of error.problems) {
            expect(problem.line).toBeGreaterThan(0)
            expect(problem.line).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/).length)
            expect(problem.column).toBeGreaterThan(0)
            expect(problem.message).not.toBe('')
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('messages', () => {
  const withRest = (rest: string) =>
    problemsOf(`${TEN_LINES}${rest}\n`).map((line) => line.replace(/^runbook\.yaml:/, ''))

  it.each([
    ['gates:', '11:1: gates: found nothing, expected a mapping of keys'],
    ['gates: []', '11:8: gates: found a list, expected a mapping of keys'],
    [
      'dashboards: { "my board": ftp://x }',
      '11:27: dashboards["my board"]: expected an http(s) address or a variable that holds one, such as https://grafana.example/d/pipeline',
    ],
    [
      'dashboards: { x: "https://user:pass@grafana.example" }',
      '11:18: dashboards.x: expected an http(s) address or a variable that holds one, such as https://grafana.example/d/pipeline',
    ],
    [
      'dashboards: { x: "${GRAFANA URL}" }',
      '11:18: dashboards.x: "${GRAFANA URL}" does not name an environment variable; write ${NAME} with letters, digits and _',
    ],
    [
      'canary: { false-alarms: 50% }',
      '11:25: canary.false-alarms: the share of false alarms is above 0% and at most 20%',
    ],
    [
      'rollback: { triggers: [{ gate: eror-rate }] }',
      '11:32: rollback.triggers[0].gate: found "eror-rate", expected one of "error-rate", "retry-rate", "download-success", "latency-p95", "upload-latency", "dlq-rate", "consumer-lag", "restarts", "circuit-breaker"; did you mean "error-rate"?',
    ],
    [
      'rollback: { triggers: [{}] }',
      '11:24: rollback.triggers[0].gate: missing; expected one of "error-rate", "retry-rate", "download-success", "latency-p95", "upload-latency", "dlq-rate", "consumer-lag", "restarts", "circuit-breaker"',
    ],
    [
      'window: { time-zone: Europe/Berln }',
      '11:22: window.time-zone: found "Europe/Berln", expected an IANA time zone such as Europe/Berlin; did you mean "Europe/Berlin"?',
    ],
    [
      'window: { hours: "Mon-Thu 09:00-17:00, Fir 09:00-12:00" }',
      '11:40: window.hours: "Fir" is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun); did you mean "Fri"?',
    ],
    ['window:\n  hours: Mon 9:00-17:00', '12:14: window.hours: "9:00" is no time from 00:00 to 24:00'],
    [
      'window: { freezes: [{ from: 2026-02-30 }] }',
      '11:29: window.freezes[0].from: expected a date such as 2026-12-24 that exists',
    ],
    [
      'window: { freezes: [{ from: 2026-12-24, to: 2026-12-20 }] }',
      '11:45: window.freezes[0].to: a freeze ends on or after its first day, 2026-12-24',
    ],
    [
      'window: { holidays: Germany }',
      '11:21: window.holidays: found "Germany", expected a country, or country and region, such as DE or DE-BE',
    ],
    [
      'changes: { patch: { approvers: 7 } }',
      '11:32: changes.patch.approvers: found 7, expected at most 6 approvers',
    ],
    ['prometheus: {}', '11:13: prometheus: exactly one of `url` and `service` is needed'],
    [
      'prometheus: { url: "${U}", basic: {}, bearer-token: "${T}" }',
      '11:35: prometheus.basic: either `basic` or `bearer-token`, not both',
    ],
    [
      'migrations: { tool: alembic, job: ../job.yaml, backup: /etc/x }',
      '11:35: migrations.job: found "../job.yaml", expected a file of the repository, relative to its root, such as deployments/migrate-job.yaml',
    ],
    [
      'rollout: { deadline: 30d }',
      '11:22: rollout.deadline: found "30d", expected a duration such as 30s, 15m, 1h or 1h30m, at most 14d',
    ],
    ['ticket: { labels: ["a\\nb"] }', '11:20: ticket.labels[0]: found "a\\nb", expected a label'],
    [
      'ticket: { labels: ["a\\eb"] }',
      '11:20: ticket.labels[0]: the text holds control characters; write it in one line of plain text',
    ],
    [
      'gates: { consumer-lag: { max: 1.5 } }',
      '11:31: gates.consumer-lag.max: found 1.5, expected a whole number from 1 on',
    ],
    [
      'gates: { error-rate: { errors: "a{b=c}" } }',
      '11:32: gates.error-rate.errors: found "a{b=c}", expected a metric with optional labels, such as kafka_processing_errors_total',
    ],
    [
      'watch: { critical: { gates: [] } }',
      '11:29: watch.critical.gates: the list is empty; it needs at least one item',
    ],
  ])('%s', (rest, message) => {
    expect(withRest(rest)[0]).toBe(message)
  })

  it.each([
    [
      '{ source: job, brokers: ["${KAFKA_BROKERS}", "kafka:9092"] }',
      'runbook.yaml:6:1: kafka.job.secrets: the Job does not know `${KAFKA_BROKERS}`: say in which Secret of the cluster it is, such as KAFKA_BROKERS: kafka-access/kafka_brokers',
    ],
    [
      '{ source: job, brokers: ["kafka:9092"], sasl: { mechanism: plain }, job: { secrets: { KAFKA_USERNAME: access/user } } }',
      'runbook.yaml:6:92: kafka.job.secrets: the Job does not know `${KAFKA_PASSWORD}`: say in which Secret of the cluster it is, such as KAFKA_PASSWORD: kafka-access/kafka_password',
    ],
    [
      '{ source: job, brokers: ["kafka:9092"], job: { secrets: { A: access } } }',
      'runbook.yaml:6:69: kafka.job.secrets.A: found "access", expected a Secret and its key, such as kafka-access/brokers',
    ],
  ])('say what a Job inside the cluster would miss: %s', (kafka, message) => {
    expect(problemsOf(TEN_LINES.replace(/^kafka: .*$/m, `kafka: ${kafka}`))).toEqual([message])
  })

  it('speak of the alternative that was meant', () => {
    const text = TEN_LINES.replace(
      '- deployment: event-ingester',
      '- { deployment: a, health: { port: x }, metrics: true, canary: { steps: [{ share: 50%, hold: 1m }, { share: 10%, hold: 1 }] } }',
    )
    expect(problemsOf(text)).toEqual([
      'runbook.yaml:8:38: components[0].health.port: found "x", expected a port from 1 to 65535',
      'runbook.yaml:8:52: components[0].metrics: found true, expected a mapping of keys, or false to leave it out',
      'runbook.yaml:8:111: components[0].canary.steps[1].share: a step is larger than the one before it',
      'runbook.yaml:8:122: components[0].canary.steps[1].hold: found 1, expected a duration such as 30s, 15m, 1h or 1h30m, at most 14d',
    ])
  })

  it('list only the keys of the trigger that was chosen', () => {
    expect(withRest('rollback: { triggers: [{ gate: consumer-lag, above: 5 }] }')).toEqual([
      '11:24: rollback.triggers[0].grows-by: missing; expected a whole number from 1 on',
      '11:46: rollback.triggers[0].above: unknown key. Known keys: gate, grows-by',
    ])
  })

  it('refuse images with a tag or digest, and steps that do not rise', () => {
    const component = (rest: string) =>
      problemsOf(TEN_LINES.replace('- deployment: event-ingester', `- { deployment: a, ${rest} }`))
    expect(component('image: "x/y:v1"')[0]).toMatch(/: the image carries a tag; leave it off/)
    expect(component('image: "x/y@sha256:0123"')[0]).toMatch(
      / expected an image without tag or digest, such as /,
    )
    expect(component('canary: { steps: [{ share: 10%, hold: 1m }, { share: 10%, hold: 1m }] }')).toEqual([
      'runbook.yaml:8:75: components[0].canary.steps[1].share: a step is larger than the one before it',
    ])
  })

  it('name the environments', () => {
    expect(problemsOf(TEN_LINES.replace('staging: ', 'Staging: '))).toEqual([
      'runbook.yaml:4:3: environments.Staging: found "Staging", expected a name of lower case letters, digits and "-", such as production',
    ])
    expect(problemsOf(TEN_LINES.replace(/environments:\n.*\n.*\n/, 'environments: {}\n'))).toEqual([
      'runbook.yaml:3:15: environments: at least one environment is needed, such as production',
    ])
  })

  it('check that lag can be read where a consumer group is named', () => {
    expect(problemsOf(TEN_LINES.replace(/kafka: .*\n/, ''))).toEqual([
      'runbook.yaml:8:52: components[1].consumer-group: its lag cannot be read: there is no `kafka` section',
    ])
    expect(problemsOf(TEN_LINES.replace(/kafka: .*/, 'kafka: { source: prometheus }'))).toEqual([
      'runbook.yaml:6:18: kafka.source: lag is read through Prometheus, but there is no `prometheus` section',
    ])
    expect(problemsOf(TEN_LINES.replace(/kafka: .*/, 'kafka: { tls: true }'))).toEqual([
      'runbook.yaml:6:8: kafka: `brokers` is missing; it is needed unless `source` is "prometheus"',
    ])
    expect(problemsOf(TEN_LINES.replace('"${KAFKA_BROKERS}"', 'localhost'))).toEqual([
      'runbook.yaml:6:20: kafka.brokers[0]: expected a broker as host:port, such as kafka-0.kafka:9092, or a variable such as ${KAFKA_BROKERS}',
    ])
  })

  it('show long and multi-line values in short, on one line', () => {
    const [message] = withRest(`rollout: { deadline: "${'x'.repeat(200)}\\n::error::" }`)
    expect(message).toBe(
      `11:22: rollout.deadline: found "${'x'.repeat(56)}…, expected a duration such as 30s, 15m, 1h or 1h30m, at most 14d`,
    )
  })
})

describe('secrets', () => {
  it.each([
    'kafka: { brokers: [a:1], sasl: { mechanism: plain, password: hunter2000 } }',
    'kafka: { brokers: [a:1], sasl: { mechanism: plain, password: 1020304050 } }',
    'kafka: { brokers: [a:1], sasl: { mechanism: plain, password: [hunter2000] } }',
    'kafka: { brokers: [a:1], sasl: { mechanism: plain, password: "x${PASSWORD}hunter2000" } }',
    'kafka: { brokers: [a:1], tls: { key: hunter2000 } }',
    'notify: { webhook: "https://hooks.example/hunter2000" }',
    'prometheus: { url: "${U}", bearer-token: hunter2000 }',
    'prometheus: { url: "${U}", headers: { X-Key: [hunter2000] } }',
  ])('in the file are refused and not repeated: %s', (line) => {
    const problems = problemsOf(
      TEN_LINES.replace(/kafka: .*/, line.startsWith('kafka') ? line : `kafka: { brokers: [a:1] }\n${line}`),
    )
    expect(problems).toHaveLength(1)
    expect(problems[0]).not.toMatch(/hunter2000|1020304050/)
  })

  it('tell what to write instead', () => {
    expect(problemsOf(`${TEN_LINES}notify: { webhook: "https://hooks.example/x" }\n`)).toEqual([
      'runbook.yaml:11:20: notify.webhook: a secret does not stand in the file; name the variable that holds it, such as ${DEPLOY_WEBHOOK}',
    ])
  })

  it('stay references in the loaded runbook', () => {
    const runbook = load(`${TEN_LINES}notify: { webhook: "\${DEPLOY_WEBHOOK}" }\n`)
    expect(JSON.parse(JSON.stringify(runbook))).toMatchObject({
      kafka: { brokers: ['${KAFKA_BROKERS}'] },
      notify: { webhook: '${DEPLOY_WEBHOOK}' },
    })
  })
})
