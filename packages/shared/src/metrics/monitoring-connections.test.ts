import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { answer, ApiServer, status } from '../cluster/api-server.fixture.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KubernetesCluster } from '../cluster/kubernetes-cluster.ts'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { UserError } from '../errors.ts'
import { silent, systemClock } from '../ports.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { MonitoringAlerts } from './monitoring-alerts.ts'
import { monitoringConnections } from './monitoring-connections.ts'
import { answerJson, matrix, MonitoringServer } from './monitoring-server.fixture.ts'

const { signal } = new AbortController()
const range = { fromMs: 0, toMs: 60_000, stepMs: 30_000 }

function connections(
  section: string,
  variables: Record<string, string> = {},
  cluster: Pick<Cluster, 'serviceGet'> = new FakeCluster(),
) {
  const masked: string[] = []
  const runbook = loadRunbook(`${TEN_LINES}${section}\n`, { file: 'runbook.yaml' })
  const mask = (secret: string): void => void masked.push(secret)
  const context = { cluster, variables, clock: systemClock, log: silent, mask }
  return { masked, ...monitoringConnections(runbook, context) }
}

let server: MonitoringServer
beforeEach(async () => {
  server = await MonitoringServer.start()
  server.handler = (_, response) => {
    answerJson(response, matrix())
  }
})
afterEach(() => server.close())

describe('Prometheus', () => {
  it('is not connected before it is asked, so that a missing variable hurts nobody else', () => {
    const { prometheus } = connections('prometheus: { url: "${PROMETHEUS_URL}" }')
    expect(prometheus?.place).toBe('${PROMETHEUS_URL}')
    expect(() => prometheus?.connect()).toThrow(
      'The runbook refers to ${PROMETHEUS_URL}, which is not set or empty',
    )
  })

  it('is given its bearer token, tenant and headers, and the secrets are masked', async () => {
    const section =
      'prometheus: { url: "${URL}", tenant: "${TENANT}", bearer-token: "${TOKEN}", headers: { X-Team: "${TEAM}" } }'
    const variables = { URL: server.url, TENANT: 'pipeline', TOKEN: 't0ken', TEAM: 'te4m' }
    const { prometheus, masked, close } = connections(section, variables)
    await prometheus?.connect().range('x', range, signal)
    expect(server.asked[0]?.headers).toMatchObject({
      authorization: 'Bearer t0ken',
      'x-scope-orgid': 'pipeline',
      'x-team': 'te4m',
    })
    expect(masked).toEqual(['te4m', 't0ken'])
    await close()
  })

  it('is given user and password, which are masked also as they travel', async () => {
    const section = 'prometheus: { url: "${URL}", basic: { username: "${USER}" } }'
    const variables = { URL: server.url, USER: 'reader', PROMETHEUS_PASSWORD: 'p4ss' }
    const { prometheus, masked, close } = connections(section, variables)
    await prometheus?.connect().range('x', range, signal)
    const pair = Buffer.from('reader:p4ss').toString('base64')
    expect(server.asked[0]?.headers.authorization).toBe(`Basic ${pair}`)
    expect(masked).toEqual(['p4ss', pair])
    await close()
  })

  it.each([
    ['http://prometheus.example', 'is a plain http address: anybody on the way could read the credentials.'],
    ['prometheus.example:9090', 'is not an http address.'],
    ['ftp://prometheus.example', 'is not an http address.'],
    ['https://me:secret@prometheus.example', 'holds a user or a password.'],
  ])('is refused at %s with a token', (url, problem) => {
    const section = 'prometheus: { url: "${URL}", bearer-token: "${TOKEN}" }'
    const { prometheus } = connections(section, { URL: url, TOKEN: 't0ken' })
    const connecting = (): unknown => prometheus?.connect()
    expect(connecting).toThrow(UserError)
    expect(connecting).toThrow(problem)
    expect(connecting).not.toThrow('secret')
  })

  it('has no credentials of its own behind the API server, which would keep them', () => {
    const section = 'prometheus: { service: { namespace: monitoring, name: p }, bearer-token: "${TOKEN}" }'
    expect(() => connections(section)).toThrow('keeps the `Authorization` header for itself')
  })
})

describe('Prometheus as a Service', () => {
  let api: ApiServer
  beforeEach(async () => {
    api = await ApiServer.start()
  })
  afterEach(() => api.close())

  const section = (more = '') =>
    `prometheus: { service: { namespace: monitoring, name: prometheus, path: /base${more} }, tenant: t1, retry-for: 0s }`
  const through = (more = '') => {
    const client = api.client()
    const made = connections(section(more), {}, new KubernetesCluster(client, 'team'))
    return { ...made, close: async () => Promise.all([made.close(), client.close()]) }
  }

  it('is asked through the API server, with the right to get and nothing more', async () => {
    api.handler = (_, response) => answer(response, 200, matrix())
    const { prometheus, close } = through()
    expect(prometheus?.place).toBe('Service prometheus in namespace monitoring')
    await prometheus?.connect().range('up{a="b"}', range, signal)
    expect(api.received[0]).toMatchObject({
      method: 'GET',
      path: '/api/v1/namespaces/monitoring/services/prometheus%3A9090/proxy/base/api/v1/query_range',
      headers: { 'x-scope-orgid': 't1', authorization: 'Bearer first' },
    })
    expect(api.received[0]?.query.get('query')).toBe('up{a="b"}')
    await close()
  })

  it('may speak https behind it', async () => {
    api.handler = (_, response) => answer(response, 200, matrix())
    const { prometheus, close } = through(', scheme: https, port: 443')
    await prometheus?.connect().range('x', range, signal)
    expect(api.received[0]?.path).toContain('/services/https%3Aprometheus%3A443/proxy/base/')
    await close()
  })

  it.each([
    [
      403,
      'Forbidden',
      'services "prometheus:9090" is forbidden: User "ci" cannot get resource "services/proxy" in API group "" in the namespace "monitoring"',
      'ci may not get services/proxy in namespace "monitoring"',
    ],
    [
      503,
      'ServiceUnavailable',
      'no endpoints available for service "prometheus"',
      'Prometheus at Service prometheus:9090 in namespace monitoring gives no answer: no endpoints available for service "prometheus"',
    ],
    [404, 'NotFound', 'services "prometheus" not found', 'was not found'],
  ])('says what the API server says: %d', async (code, reason, message, expected) => {
    const details = { name: 'prometheus', kind: 'services' }
    api.handler = (_, response) => answer(response, code, status(code, reason, message, details))
    const { prometheus, close } = through()
    await expect(prometheus?.connect().range('x', range, signal)).rejects.toThrow(expected)
    await close()
  })
})

const firing = (name: string, more: object = {}) => ({
  labels: { alertname: name, severity: 'critical' },
  annotations: { summary: `${name} is bad\nand more` },
  ...more,
})

describe('alerts', () => {
  it('come from Alertmanager where there is one, with who keeps them quiet', async () => {
    server.handler = ({ path }, response) => {
      expect(path).toBe('/am/api/v2/alerts')
      const startsAt = '2026-11-23T10:00:00.000Z'
      const state = (status: object) => ({ startsAt, status: { state: 'suppressed', ...status } })
      answerJson(response, [
        firing('A', { startsAt, status: { state: 'active', silencedBy: [], inhibitedBy: [] } }),
        firing('B', state({ silencedBy: ['id'], inhibitedBy: [] })),
        firing('C', state({ silencedBy: [], inhibitedBy: ['other'] })),
        firing('D', state({ mutedBy: ['nights'] })),
      ])
    }
    const section = `prometheus: { url: "http://127.0.0.1:1" }\ngates: { incidents: { alertmanager: "${server.url}/am/" } }`
    const made = connections(section)
    const alerts = new MonitoringAlerts(made)
    expect(alerts.source).toBe(`Alertmanager at ${server.url}/am/`)
    expect((await alerts.firing(signal)).map(({ name, muted }) => [name, muted])).toEqual([
      ['A', undefined],
      ['B', 'silenced'],
      ['C', 'inhibited'],
      ['D', 'inhibited'],
    ])
    expect((await alerts.firing(signal))[0]).toEqual({
      name: 'A',
      labels: { alertname: 'A', severity: 'critical' },
      since: new Date('2026-11-23T10:00:00Z'),
      summary: 'A is bad',
      muted: undefined,
    })
    await made.close()
  })

  it('come from Prometheus else: those that fire, not those that are pending', async () => {
    server.handler = (_, response) => {
      const activeAt = '2026-11-23T10:00:00.123456789Z'
      const alerts = [firing('A', { state: 'firing', activeAt }), firing('B', { state: 'pending', activeAt })]
      answerJson(response, { status: 'success', data: { alerts } })
    }
    const made = connections(`prometheus: { url: "${server.url}" }`)
    const alerts = new MonitoringAlerts(made)
    expect(alerts.source).toBe(`Prometheus at ${server.url}`)
    expect(await alerts.firing(signal)).toEqual([
      expect.objectContaining({ name: 'A', since: new Date('2026-11-23T10:00:00.123Z'), muted: undefined }),
    ])
    await made.close()
  })

  it('are none where the runbook file names nobody to ask', async () => {
    const alerts = new MonitoringAlerts(connections(''))
    expect([alerts.source, await alerts.firing(signal), await alerts.rules(signal)]).toEqual([
      undefined,
      [],
      undefined,
    ])
  })

  it('say in words that Alertmanager does not answer', async () => {
    server.handler = (_, response) => response.writeHead(404).end('not found')
    const made = connections(`gates: { incidents: { alertmanager: "${server.url}" } }`)
    await expect(new MonitoringAlerts(made).firing(signal)).rejects.toThrow(
      `Alertmanager at ${server.url} does not serve /api/v2/alerts (404).`,
    )
    await made.close()
  })

  it('know which rules are loaded, and not the recording ones', async () => {
    server.handler = ({ path, parameters }, response) => {
      expect([path, parameters.get('type')]).toEqual(['/api/v1/rules', 'alert'])
      const rules = [
        { type: 'alerting', name: 'HighLag' },
        { type: 'recording', name: 'job:rate' },
      ]
      answerJson(response, { status: 'success', data: { groups: [{ name: 'g', file: 'f', rules }] } })
    }
    const made = connections(`prometheus: { url: "${server.url}" }`)
    expect(await new MonitoringAlerts(made).rules(signal)).toEqual(new Set(['HighLag']))
    await made.close()
  })
})
