import { execFile } from 'node:child_process'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { selfSigned } from '../cluster/api-server.fixture.ts'
import { UserError } from '../errors.ts'
import { silent, systemClock } from '../ports.ts'
import { QueryRejected } from './explain-monitoring.ts'
import { MonitoringApi } from './monitoring-api.ts'
import { answerJson, matrix, MonitoringServer } from './monitoring-server.fixture.ts'
import { PrometheusApi } from './prometheus-api.ts'
import { UrlEndpoint } from './url-endpoint.ts'

const range = { fromMs: 1_000_000, toMs: 1_060_000, stepMs: 30_000 }
const { signal } = new AbortController()

let server: MonitoringServer
beforeEach(async () => {
  server = await MonitoringServer.start()
})
afterEach(() => server.close())

/** The message and the next step in one text. */
async function failure(asking: Promise<unknown>): Promise<string> {
  const error = await asking.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof UserError) return `${error.message} | ${error.next}`
  throw error
}

describe('a range query', () => {
  it('is one POST, and gives numbers by time', async () => {
    server.handler = (_, response) => {
      answerJson(
        response,
        matrix({
          metric: { le: '5' },
          values: [
            [1000, '1'],
            [1030, '2.5'],
          ],
        }),
      )
    }
    const api = server.prometheus()
    expect(await api.range('up{a="b"}', range, signal)).toEqual([
      {
        labels: { le: '5' },
        values: new Map([
          [1_000_000, 1],
          [1_030_000, 2.5],
        ]),
      },
    ])
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]).toMatchObject({ method: 'POST', path: '/api/v1/query_range' })
    expect(Object.fromEntries(server.asked[0]!.parameters)).toEqual({
      query: 'up{a="b"}',
      start: '1000',
      end: '1060',
      step: '30',
    })
    await api.close()
  })

  it('leaves out what is no number', async () => {
    server.handler = (_, response) => {
      const values = ['NaN', '+Inf', '-Inf', '7'].map((text, index) => [1000 + index, text] as const)
      answerJson(response, matrix({ metric: {}, values }))
    }
    const api = server.prometheus()
    const [series] = await api.range('x', range, signal)
    expect([...series!.values]).toEqual([[1_003_000, 7]])
    await api.close()
  })

  it('is empty where nothing matches', async () => {
    server.handler = (_, response) => {
      answerJson(response, matrix())
    }
    const api = server.prometheus()
    expect(await api.range('x', range, signal)).toEqual([])
    await api.close()
  })

  it('concludes nothing from a part', async () => {
    const warnings = ['store thanos-store-0: connection refused', 'and more']
    server.handler = (_, response) => {
      answerJson(response, { ...(matrix() as object), warnings })
    }
    const api = server.prometheus()
    expect(await failure(api.range('x', range, signal))).toBe(
      `Prometheus at ${server.url} answered only in part: store thanos-store-0: connection refused | A part of its data is missing (a store or a replica that is away); nothing is concluded from the rest.`,
    )
    await api.close()
  })

  it('takes no notice of hints', async () => {
    const infos = ['PromQL info: metric might not be a counter']
    server.handler = (_, response) => {
      answerJson(response, { ...(matrix() as object), infos })
    }
    const api = server.prometheus()
    expect(await api.range('x', range, signal)).toEqual([])
    await api.close()
  })

  it.each([
    [400, { status: 'error', errorType: 'bad_data', error: '1:3: parse error: unexpected "}"' }],
    [422, { status: 'error', errorType: 'execution', error: 'found duplicate series on the left' }],
  ])('tells a wrong query from an outage: %d', async (status, body) => {
    server.handler = (_, response) => {
      answerJson(response, body, status)
    }
    const api = server.prometheus({ retryForMs: 5_000 })
    await expect(api.range('x}', range, signal)).rejects.toEqual(
      expect.objectContaining({ name: QueryRejected.name, message: body.error }),
    )
    expect(server.asked).toHaveLength(1)
    await api.close()
  })
})

const page = { 'content-type': 'text/html; charset=utf-8' }
const outage = { status: 'error', errorType: 'unavailable', error: 'TSDB not ready' }

describe('a failure', () => {
  it.each<[string, (response: ServerResponse) => void, string]>([
    [
      '401',
      (response) => response.writeHead(401).end('Unauthorized\n'),
      'refuses the credentials (401). | Check `prometheus.bearer-token` or `prometheus.basic`, and the secrets that they name.',
    ],
    [
      '403',
      (response) => response.writeHead(403).end('no org id'),
      'does not let this user ask (403): no org id. | Give the user of `prometheus` the right to query, and check `prometheus.tenant`.',
    ],
    [
      '404',
      (response) => response.writeHead(404).end('404 page not found'),
      'does not serve /api/v1/query_range (404). | Check the path in `prometheus`: behind a prefix, the prefix belongs to it.',
    ],
    [
      '429',
      (response) => response.writeHead(429).end('too many outstanding requests'),
      'asks to slow down (429): too many outstanding requests. | Raise the limit for this user, or run again in a few minutes.',
    ],
    [
      '503',
      (response) => {
        answerJson(response, outage, 503)
      },
      'is not available (503): TSDB not ready. | Look at its health (`/-/ready`), then run again.',
    ],
    [
      '500 with a page',
      (response) => response.writeHead(500, page).end('<html>nginx</html>'),
      'is not available (500). | Look at its health (`/-/ready`), then run again.',
    ],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: 'https://login.example' }).end(),
      'answers with a redirect (302): a login page may stand before it. | Give `prometheus` the address behind the login, and credentials for it.',
    ],
    [
      'a login page',
      (response) => response.writeHead(200, page).end('<!doctype html><title>Log in</title>'),
      'answers with a web page: a login may stand before it. | Give `prometheus` the address behind the login, and credentials for it.',
    ],
    [
      'garbage',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"succ'),
      'gave an answer that is not its own, or not complete. | Look at what stands between (a proxy, a login page), and at the path of the address.',
    ],
    [
      'other JSON',
      (response) => {
        answerJson(response, { ok: true })
      },
      'gave an answer that is not its own, or not complete.',
    ],
    [
      'a cut connection',
      (response) => response.destroy(),
      'cut the connection. | Check `prometheus`; a server inside the cluster needs a runner there, or `prometheus.service`.',
    ],
    [
      'a body that ends early',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{')
        setTimeout(() => response.destroy(), 10)
      },
      'cut the connection.',
    ],
    [
      'silence',
      () => undefined,
      'did not answer in time. | Look at its load, and at the cost of the query; `timeout` in the runbook file says how long it may take.',
    ],
  ])('says what it was: %s', async (_, misbehave, expected) => {
    server.handler = (__, response) => {
      misbehave(response)
    }
    const api = server.prometheus({ timeoutMs: 300, retryForMs: 300 })
    const said = await failure(api.range('x', range, signal))
    expect(said.replace(/ \(\d+ attempts in \d+ s\)/, '')).toContain(
      `Prometheus at ${server.url} ${expected}`,
    )
    await api.close()
  })

  it('says that nothing listens there', async () => {
    const { url } = server
    await server.close()
    const api = new PrometheusApi(server.api({}, url))
    expect(await failure(api.range('x', range, signal))).toContain(
      `Prometheus at ${url} refuses connections: nothing listens there.`,
    )
    await api.close()
    server = await MonitoringServer.start()
  })

  it('is tried again while that can help, and says how often', async () => {
    server.handler = ({ number }, response) => {
      if (number === 1) answerJson(response, outage, 503)
      else if (number === 2) response.destroy()
      else if (number === 3) answerJson(response, {}, 429, { 'retry-after': '0' })
      else answerJson(response, matrix())
    }
    const api = server.prometheus({ retryForMs: 10_000 })
    expect(await api.range('x', range, signal)).toEqual([])
    server.handler = (_, response) => {
      answerJson(response, outage, 503)
    }
    const impatient = server.prometheus({ retryForMs: 2_000 })
    expect(await failure(impatient.range('x', range, signal))).toMatch(
      /\(503\): TSDB not ready \(\d+ attempts/,
    )
    await Promise.all([api.close(), impatient.close()])
  })

  it('is told where the waiting is ended, rather than that it was', async () => {
    const stop = new AbortController()
    server.handler = ({ number }, response) => {
      if (number === 1) answerJson(response, outage, 503)
      else stop.abort(new Error('look is over'))
    }
    const api = server.prometheus({ retryForMs: 10_000 })
    expect(await failure(api.range('x', range, stop.signal))).toContain('(503): TSDB not ready')
    await api.close()
  })

  it('is not made up where the run was cancelled', async () => {
    const stop = new AbortController()
    server.handler = () => {
      stop.abort(new Error('cancelled'))
    }
    const api = server.prometheus({ retryForMs: 10_000 })
    await expect(api.range('x', range, stop.signal)).rejects.toThrow('cancelled')
    await api.close()
  })
})

describe('the way there', () => {
  const options = { product: 'Prometheus', key: 'prometheus', isProxied: false } as const
  const times = { timeoutMs: 2_000, retryForMs: 0, clock: systemClock, log: silent }

  it('keeps a path prefix', async () => {
    server.handler = (_, response) => {
      answerJson(response, matrix())
    }
    const api = new PrometheusApi(server.api({}, `${server.url}/team/prometheus/`))
    await api.range('x', range, signal)
    expect(server.asked[0]?.path).toBe('/team/prometheus/api/v1/query_range')
    await api.close()
  })

  it('goes through the proxy of the environment', async () => {
    // A proxy is asked for plain http by the whole address, and answers for the server.
    server.handler = (_, response) => {
      answerJson(response, matrix())
    }
    const env = { HTTP_PROXY: server.url }
    const endpoint = new UrlEndpoint('http://prometheus.example:9090', { key: 'k', headers: {}, env })
    const api = new PrometheusApi(new MonitoringApi({ ...options, ...times, endpoint }))
    await api.range('x', range, signal)
    expect(server.asked[0]?.path).toBe('http://prometheus.example:9090/api/v1/query_range')
    await api.close()
  })

  it('trusts what NODE_EXTRA_CA_CERTS names, and only that', async () => {
    const certificate = selfSigned('prometheus')
    const https = createHttps(certificate, (_, response) => {
      answerJson(response, matrix())
    })
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}`
    const endpoint = new UrlEndpoint(url, { key: 'prometheus.url', headers: {}, env: {} })
    const api = new PrometheusApi(new MonitoringApi({ ...options, ...times, endpoint }))
    expect(await failure(api.range('x', range, signal))).toMatch(
      /shows a certificate that cannot be trusted .* \| Set NODE_EXTRA_CA_CERTS to a file/,
    )
    await api.close()

    const folder = mkdtempSync(join(tmpdir(), 'authority-'))
    try {
      const file = join(folder, 'ca.pem')
      writeFileSync(file, certificate.cert)
      const script = `
        const { UrlEndpoint } = await import(${JSON.stringify(join(import.meta.dirname, 'url-endpoint.ts'))})
        const endpoint = new UrlEndpoint(${JSON.stringify(url)}, { key: 'k', headers: {}, env: {} })
        const reply = await endpoint.ask({ path: '/', parameters: {}, timeoutMs: 5000, signal: new AbortController().signal })
        console.log(reply.status)
        await endpoint.close()`
      const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: file }
      const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
      expect((await run).stdout.trim()).toBe('200')
    } finally {
      rmSync(folder, { recursive: true })
      https.close()
    }
    // A Node process that starts on a busy machine takes seconds.
  }, 60_000)
})
