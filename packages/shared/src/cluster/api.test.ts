import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { silent } from '../ports.ts'
import type { KubernetesApi } from './api.ts'
import { answer, ApiServer, eventually, configMap, listOf, selfSigned, status } from './api-server.fixture.ts'
import { configMaps, deployments, namespaces, pods, secrets, type Resource } from './resources.ts'

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

describe('reading', () => {
  it('gets an object with our identity and name', async () => {
    server.handler = (_, response) => answer(response, 200, configMap('a', '7', { key: 'value' }))
    expect((await api.get(configMaps, 'team', 'a')).data).toEqual({ key: 'value' })
    const [request] = server.received
    expect(request).toMatchObject({ method: 'GET', path: '/api/v1/namespaces/team/configmaps/a' })
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer first',
      'user-agent': 'tests',
      accept: 'application/json',
    })
  })

  it.each<[string, Resource<unknown>, string | undefined, string, string]>([
    ['an object of a group', deployments, 'team', 'web', '/apis/apps/v1/namespaces/team/deployments/web'],
    ['a kind without namespaces', namespaces, undefined, 'team', '/api/v1/namespaces/team'],
    [
      'odd characters',
      configMaps,
      'team',
      'system:a b?c#d',
      '/api/v1/namespaces/team/configmaps/system%3Aa%20b%3Fc%23d',
    ],
  ])('asks for %s', async (_, resource, namespace, name, path) => {
    server.handler = (_, response) => answer(response, 200, configMap(name, '1'))
    await api.get(resource, namespace, name)
    expect(server.received.map((request) => request.path)).toEqual([path])
  })

  it.each(['..', '.', '', 'a/b', '%2e%2e', 'x'.repeat(254)])('refuses the name %p', (name) => {
    expect(() => api.get(configMaps, 'team', name)).toThrow('is not the name of a ConfigMap')
    expect(server.received).toEqual([])
  })

  it.each(['..', 'a/b', 'Team', 'kube-system/../default'])('refuses the namespace %p', (namespace) => {
    expect(() => api.get(configMaps, namespace, 'a')).toThrow('is not a namespace name')
  })

  it('finds nothing where the object does not exist', async () => {
    server.handler = (_, response) =>
      answer(response, 404, status(404, 'NotFound', 'no', { name: 'a', kind: 'configmaps' }))
    await expect(api.find(configMaps, 'team', 'a')).resolves.toBeUndefined()
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({ isNotFound: true })
  })

  it('does not take an unknown URL for a missing object', async () => {
    server.handler = (_, response) => response.writeHead(404).end('404 page not found')
    await expect(api.find(configMaps, 'team', 'a')).rejects.toMatchObject({
      status: 404,
      serverMessage: '404 page not found',
    })
  })

  it('never asks for the values of Secrets', async () => {
    server.handler = (_, response) => answer(response, 200, listOf([], '1'))
    await api.list(secrets, 'team')
    expect(server.received[0]?.headers.accept).toContain('as=PartialObjectMetadataList')
  })

  it('reads a log', async () => {
    server.handler = (_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('zwölf\nlines')
    expect(await api.logs('team', 'web-1', { container: 'app', previous: true, tailLines: 50 })).toBe(
      'zwölf\nlines',
    )
    expect(server.received[0]?.path).toBe('/api/v1/namespaces/team/pods/web-1/log')
    expect(Object.fromEntries(server.received[0]?.query ?? [])).toEqual({
      container: 'app',
      previous: 'true',
      tailLines: '50',
    })
  })

  it('asks what it may do, also in a dry run without calling that a write', async () => {
    const careful = server.client({ dryRun: true })
    server.handler = (_, response) =>
      answer(response, 201, { kind: 'SelfSubjectAccessReview', status: { allowed: false } })
    expect(await careful.canI('patch', deployments, 'team', { name: 'web' })).toBe(false)
    expect(server.received[0]?.query.size).toBe(0)
    const { spec } = JSON.parse(server.received[0]?.body ?? '') as { spec: unknown }
    expect(spec).toEqual({
      resourceAttributes: {
        verb: 'patch',
        group: 'apps',
        resource: 'deployments',
        namespace: 'team',
        name: 'web',
      },
    })
    await careful.close()
  })
})

describe('lists', () => {
  const names = (items: { metadata?: { name?: string } }[]) => items.map((item) => item.metadata?.name)

  it('fetches all pages', async () => {
    const pages = [
      listOf([configMap('a', '1'), configMap('b', '2')], '9', 'p2'),
      listOf([configMap('c', '3')], '9', ''),
    ]
    server.handler = ({ number }, response) => answer(response, 200, pages[number - 1])
    const listing = await api.list(configMaps, 'team', { pageSize: 2, labelSelector: 'app in (a,b)' })
    expect(names(listing.items)).toEqual(['a', 'b', 'c'])
    expect(listing.resourceVersion).toBe('9')
    expect(server.received.map(({ query }) => Object.fromEntries(query))).toEqual([
      { limit: '2', labelSelector: 'app in (a,b)' },
      { limit: '2', labelSelector: 'app in (a,b)', continue: 'p2' },
    ])
  })

  it('restarts in one piece when the continue token has expired', async () => {
    server.handler = ({ query }, response) => {
      if (query.get('continue') === 'old')
        return answer(response, 410, status(410, 'Expired', 'token is too old'))
      if (query.has('limit')) return answer(response, 200, listOf([configMap('a', '1')], '5', 'old'))
      answer(response, 200, listOf([configMap('a', '6'), configMap('b', '7')], '8'))
    }
    const listing = await api.list(configMaps, 'team', { pageSize: 1 })
    expect(names(listing.items)).toEqual(['a', 'b'])
    expect(listing.resourceVersion).toBe('8')
    expect(server.received).toHaveLength(3)
  })

  it('lists all namespaces', async () => {
    server.handler = (_, response) => answer(response, 200, { ...listOf([], '1'), items: null })
    expect((await api.list(pods, undefined)).items).toEqual([])
    expect(server.received[0]?.path).toBe('/api/v1/pods')
  })
})

describe('repeating reads', () => {
  it('honours Retry-After', async () => {
    const times: number[] = []
    server.handler = ({ number }, response) => {
      times.push(performance.now())
      if (number === 1) answer(response, 429, status(429, 'TooManyRequests', 'wait'), { 'retry-after': '1' })
      else answer(response, 200, configMap('a', '1'))
    }
    await api.get(configMaps, 'team', 'a')
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1000)
  })

  it('gives up at once when the server asks for more time than there is', async () => {
    server.handler = (_, response) =>
      answer(response, 429, status(429, 'TooManyRequests', 'wait'), { 'retry-after': '60' })
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({
      status: 429,
      retryAfterMs: 60_000,
    })
    expect(server.received).toHaveLength(1)
  })

  it.each([500, 502, 503, 504])('survives a burst of %d', async (code) => {
    server.handler = ({ number }, response) => {
      if (number <= 4) response.writeHead(code).end('<html>upstream</html>')
      else answer(response, 200, configMap('a', '1'))
    }
    await api.get(configMaps, 'team', 'a')
    expect(server.received).toHaveLength(5)
  })

  it('survives a connection that is reset', async () => {
    server.handler = ({ number }, response) => {
      if (number <= 2) response.socket?.destroy()
      else answer(response, 200, configMap('a', '1'))
    }
    await api.get(configMaps, 'team', 'a')
    expect(server.received).toHaveLength(3)
  })

  const half = '{"kind":"ConfigMap","metadata":{'

  it.each<[string, (response: ServerResponse) => void]>([
    ['in good order', (response) => response.end(half)],
    [
      'with the connection, before its announced end',
      (response) => {
        response.setHeader('content-length', 5000)
        response.write(half, () => response.socket?.destroy())
      },
    ],
    [
      'with the connection, between chunks',
      (response) => response.write(half, () => response.socket?.destroy()),
    ],
    ['by a reset between chunks', (response) => response.write(half, () => server.reset(response))],
    [
      'by a reset of a server that is about to go',
      (response) => {
        response.setHeader('connection', 'close')
        response.write(half, () => server.reset(response))
      },
    ],
  ])('survives JSON that is cut %s', async (_, cut) => {
    server.handler = ({ number }, response) => {
      if (number > 1) answer(response, 200, configMap('a', '1'))
      else cut(response)
    }
    expect((await api.get(configMaps, 'team', 'a')).metadata?.name).toBe('a')
    expect(server.received).toHaveLength(2)
  })

  it('tells when the server does not serve for a while, and when it does again', async () => {
    const told: string[] = []
    let now = Date.parse('2025-01-01T12:00:00Z')
    const clock = { now: () => new Date(now) }
    const client = server.client({ clock, log: { ...silent, info: (line) => told.push(line) } })
    server.handler = ({ number }, response) => {
      now += 3_000
      if (number <= 4) answer(response, 503, status(503, 'ServiceUnavailable', 'starting'))
      else answer(response, 404, status(404, 'NotFound', 'no', { name: 'a' }))
    }
    await client.find(configMaps, 'team', 'a')
    expect(told).toEqual([
      expect.stringMatching(/^The API server has not served since 2025-01-01T12:00:03.000Z; .*starting$/),
      'The API server serves again, after 12 s.',
    ])
    await client.close()
  })

  it('says how often it tried', async () => {
    server.handler = ({ number }, response) => {
      const tooLong = number < 3 ? '0' : '600'
      const away = status(503, 'ServiceUnavailable', 'etcd is away')
      answer(response, 503, away, { 'retry-after': tooLong })
    }
    await expect(api.get(configMaps, 'team', 'a')).rejects.toThrow(
      /503 .*etcd is away \(given up after 3 attempts in \d\.\d s\)/,
    )
  })

  it('ends an answer that trickles at the deadline', async () => {
    const hurried = server.client({ retry: { deadlineMs: 200 } })
    server.handler = (_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(drip))
    }
    await expect(hurried.get(configMaps, 'team', 'a')).rejects.toMatchObject({ code: 'TIMEOUT' })
    await hurried.close()
  })

  it('does not repeat refusals', async () => {
    server.handler = (_, response) => answer(response, 403, status(403, 'Forbidden', 'no'))
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({ isForbidden: true })
    expect(server.received).toHaveLength(1)
  })

  it('does not repeat when the certificate is not to be trusted', async () => {
    const other = Buffer.from(selfSigned().cert).toString('base64')
    const stranger = server.client(
      {},
      server.kubeconfig({ cluster: { 'certificate-authority-data': other } }),
    )
    await expect(stranger.get(configMaps, 'team', 'a')).rejects.toMatchObject({ isCertificateProblem: true })
    await stranger.close()
  })

  it('stops when it is told to, with the reason', async () => {
    server.handler = (_, response) => answer(response, 503, {})
    const stop = new AbortController()
    const patient = server.client({
      retry: { firstDelayMs: 60_000, longestDelayMs: 60_000, deadlineMs: 600_000 },
    })
    const reading = patient.get(configMaps, 'team', 'a', { signal: stop.signal })
    stop.abort(new Error('cancelled'))
    await expect(reading).rejects.toThrow('cancelled')
    await patient.close()
  })
})

describe('connections', () => {
  it('that do not come about do not delay the end', async () => {
    const deaf = createServer()
    await once(deaf.listen(0, '127.0.0.1'), 'listening')
    const url = `https://127.0.0.1:${(deaf.address() as AddressInfo).port}`
    const client = server.client({}, server.kubeconfig({ cluster: { server: url } }))
    const stop = new AbortController()
    const reading = client.get(configMaps, 'team', 'a', { signal: stop.signal })
    const [socket] = (await once(deaf, 'connection')) as [Socket]
    stop.abort(new Error('cancelled'))
    await expect(reading).rejects.toThrow('cancelled')
    expect(socket.destroyed).toBe(false)
    await client.close()
    socket.destroy()
    deaf.close()
  })

  it('are kept and bounded', async () => {
    server.handler = (_, response) => void setTimeout(() => answer(response, 200, configMap('a', '1')), 5)
    await Promise.all(Array.from({ length: 50 }, () => api.get(configMaps, 'team', 'a')))
    expect(server.received).toHaveLength(50)
    expect(server.connections).toBeLessThanOrEqual(8)
  })

  it('are not taken by watches', async () => {
    server.handler = ({ query }, response) => {
      if (query.has('watch')) response.writeHead(200).flushHeaders()
      else answer(response, 200, configMap('a', '1'))
    }
    const stop = new AbortController()
    await Promise.all(Array.from({ length: 20 }, () => api.openWatch(pods, 'team', {}, stop.signal)))
    await api.get(configMaps, 'team', 'a')
    stop.abort()
  })

  it('end with the client', async () => {
    server.handler = () => undefined
    const hanging = api.get(configMaps, 'team', 'a')
    const failed = expect(hanging).rejects.toMatchObject({ name: 'TransportError' })
    await eventually(() => server.received.length > 0)
    await api.close()
    await failed
    await eventually(() => server.sockets.size === 0)
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
