import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { answer, ApiServer, status } from './api-server.fixture.ts'
import type { KubernetesApi } from './api.ts'

let server: ApiServer
let api: KubernetesApi

beforeEach(async () => {
  server = await ApiServer.start()
  api = server.client()
})

afterEach(async () => {
  await api.close()
  await server.close()
})

describe('asking a pod', () => {
  it.each([
    [200, 'text/plain', 'ok'],
    [503, 'application/json', '{"status":"starting"}'],
    [500, undefined, ''],
    [404, 'text/html', '<h1>not found</h1>'],
    [429, 'application/json', '{"kind":"Status"}'],
  ])('gives what the service answers: %d', async (code, contentType, body) => {
    server.handler = (_, response) =>
      response.writeHead(code, contentType ? { 'content-type': contentType } : {}).end(body)
    expect(await api.podGet('team', 'web-1', 8000, '/health')).toEqual({
      status: code,
      contentType,
      body,
      truncated: false,
    })
    expect(server.received.map(({ path }) => path)).toEqual([
      '/api/v1/namespaces/team/pods/web-1%3A8000/proxy/health',
    ])
  })

  it.each([
    ['/metrics?name=a b&x=1', '/proxy/metrics?name=a%20b&x=1'],
    ['health', '/proxy/health'],
    ['/../../../../secrets', '/proxy/secrets'],
    ['/%2e%2e/%2E%2E/secrets', '/proxy/secrets'],
    ['//elsewhere/x', '/proxy/x'],
    ['https://elsewhere/x', '/proxy/x'],
  ])('stays below the proxy: %s', async (path, expected) => {
    let url: string | undefined
    server.handler = ({ path: sent, query }, response) => {
      url = query.size === 0 ? sent : `${sent}?${query.toString().replaceAll('+', '%20')}`
      response.end()
    }
    await api.podGet('team', 'web-1', 8000, path)
    expect(url).toBe(`/api/v1/namespaces/team/pods/web-1%3A8000${expected}`)
  })

  it.each([
    [999, 999, false],
    [1_000, 1_000, false],
    [1_001, 1_000, true],
    [300_000, 1_000, true],
  ])('cuts a long body: of %d bytes %d', async (sent, kept, isCut) => {
    server.handler = (_, response) => response.end('x'.repeat(sent))
    const { body, truncated } = await api.podGet('team', 'web-1', 8000, '/metrics', { maxBytes: 1_000 })
    expect([body.length, truncated]).toEqual([kept, isCut])
  })

  it.each([
    'error trying to reach service: dial tcp 10.88.0.5:8000: connect: connection refused',
    'error trying to reach service: EOF',
    'error dialing backend: dial tcp: i/o timeout',
  ])('tells that the port gave no answer: %s', async (message) => {
    server.handler = (_, response) => answer(response, 503, status(503, 'ServiceUnavailable', message))
    const problem = message.replace(/^error [^:]*: /, '')
    await expect(api.podGet('team', 'web-1', 8000, '/health')).rejects.toMatchObject({
      name: 'PodUnreachable',
      pod: 'web-1',
      port: 8000,
      message: `port 8000 of pod web-1 gave no answer: ${problem}`,
    })
    expect(server.received).toHaveLength(1)
  })

  it('tells that nothing came in time', async () => {
    server.handler = () => undefined
    await expect(api.podGet('team', 'web-1', 8000, '/health', { timeoutMs: 100 })).rejects.toMatchObject({
      name: 'PodUnreachable',
      message: 'port 8000 of pod web-1 gave no answer: silence for 0.1 s',
    })
  })

  it.each([
    [404, 'NotFound', 'pods "web-1" not found'],
    [403, 'Forbidden', 'pods "web-1" is forbidden'],
    [400, 'BadRequest', 'address not allowed'],
  ])('tells that the API server refuses: %d', async (code, reason, message) => {
    server.handler = (_, response) => answer(response, code, status(code, reason, message))
    await expect(api.podGet('team', 'web-1', 8000, '/health')).rejects.toMatchObject({
      name: 'ApiError',
      status: code,
      reason,
    })
  })

  it('tries again what the API server or the way to it did wrong', async () => {
    server.handler = ({ number }, response) => {
      if (number === 1) response.socket?.destroy()
      else if (number === 2) answer(response, 429, status(429, 'TooManyRequests', 'wait'))
      else response.end('ok')
    }
    expect((await api.podGet('team', 'web-1', 8000, '/health')).body).toBe('ok')
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    server.handler = () => stop.abort(new Error('cancelled'))
    await expect(api.podGet('team', 'web-1', 8000, '/health', { signal: stop.signal })).rejects.toThrow(
      'cancelled',
    )
  })
})
