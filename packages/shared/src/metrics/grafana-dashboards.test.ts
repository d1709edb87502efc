import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { silent, systemClock } from '../ports.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { GrafanaDashboards } from './grafana-dashboards.ts'
import { answerJson, MonitoringServer } from './monitoring-server.fixture.ts'

const { signal } = new AbortController()

let server: MonitoringServer
let asked: GrafanaDashboards | undefined
beforeEach(async () => {
  server = await MonitoringServer.start()
  server.handler = ({ path }, response) => {
    if (path.endsWith('/uid/pipeline')) answerJson(response, { dashboard: { uid: 'pipeline' }, meta: {} })
    else answerJson(response, { message: 'Dashboard not found' }, 404)
  }
})
afterEach(async () => {
  await asked?.close()
  await server.close()
})

function missing(dashboards: Record<string, string>, grafana = '{}', masked: string[] = []) {
  const section = `dashboards: ${JSON.stringify(dashboards)}\ngates: { monitoring: { grafana: ${grafana} } }\n`
  asked = new GrafanaDashboards(loadRunbook(`${TEN_LINES}${section}`, { file: 'runbook.yaml' }), {
    variables: { GRAFANA: server.url, GRAFANA_TOKEN: 'gl-t0ken' },
    clock: systemClock,
    log: silent,
    mask: (secret) => void masked.push(secret),
  })
  return asked.missing(signal)
}

describe('dashboards', () => {
  it('are found by the uid in their address, behind a path prefix too', async () => {
    const found = await missing({
      overview: '${GRAFANA}/d/pipeline/kafka-pipeline?orgId=1',
      lag: `${server.url}/monitoring/d/pipeline`,
    })
    expect(found).toEqual([])
    expect(server.asked.map(({ path }) => path).toSorted()).toEqual([
      '/api/dashboards/uid/pipeline',
      '/monitoring/api/dashboards/uid/pipeline',
    ])
  })

  it('that do not exist, or are not Grafana’s, are named with why', async () => {
    const found = await missing({
      overview: '${GRAFANA}/d/pipeline',
      old: '${GRAFANA}/d/gone/old-name',
      other: 'https://monitoring.example/dashboard/7',
    })
    expect(found).toEqual([
      { name: 'old', why: `Grafana at ${server.url} has none with the uid gone` },
      { name: 'other', why: 'its address has no /d/UID, as those of Grafana have' },
    ])
  })

  it('are asked with the token, which is masked', async () => {
    const masked: string[] = []
    await missing({ overview: '${GRAFANA}/d/pipeline' }, '{ token: "${GRAFANA_TOKEN}" }', masked)
    expect(server.asked[0]?.headers.authorization).toBe('Bearer gl-t0ken')
    expect(masked).toEqual(['gl-t0ken'])
  })

  it('are not asked for where the runbook file does not say so', async () => {
    asked = new GrafanaDashboards(
      loadRunbook(`${TEN_LINES}dashboards: { overview: "${server.url}/d/gone" }\n`, { file: 'runbook.yaml' }),
      { variables: {}, clock: systemClock, log: silent, mask: () => undefined },
    )
    expect([await asked.missing(signal), server.asked]).toEqual([undefined, []])
  })

  it.each([
    [
      401,
      {},
      'refuses the credentials (401)',
      'Give `gates.monitoring.grafana.token` the token of a service account',
    ],
    [403, {}, 'does not let this user ask (403)', 'the role Viewer'],
    [302, { location: '/login' }, 'answers with a redirect (302)', 'behind the login'],
  ])('cannot be told where Grafana answers %d', async (status, headers, problem, next) => {
    server.handler = (_, response) => {
      answerJson(response, {}, status, headers)
    }
    const asking = missing({ overview: '${GRAFANA}/d/pipeline' })
    await expect(asking).rejects.toThrow(`Grafana at ${server.url} ${problem}`)
    await expect(asking).rejects.toMatchObject({ next: expect.stringContaining(next) as unknown })
  })

  it('cannot be told where a login page stands before it', async () => {
    server.handler = (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>')
    await expect(missing({ overview: '${GRAFANA}/d/pipeline' })).rejects.toThrow(
      'answers with a web page: a login may stand before it',
    )
  })
})
