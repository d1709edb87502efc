import { once } from 'node:events'
import {
  connect as connectSocket,
  createServer as createTcpServer,
  type AddressInfo,
  type Socket,
} from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { silent } from '../ports.ts'
import { answer, ApiServer, configMap } from './api-server.fixture.ts'
import { ConnectProxy } from './connect-proxy.fixture.ts'
import { proxyFor } from './proxy.ts'
import { configMaps } from './resources.ts'

const choose = (server: string, env: Record<string, string>, own?: string) =>
  proxyFor(new URL(server), own, env)

describe('the choice of a proxy', () => {
  it.each([
    ['https://api.example:6443', {}, undefined],
    ['https://api.example:6443', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    [
      'https://api.example:6443',
      { HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' },
      'http://lower/',
    ],
    ['https://api.example:6443', { HTTPS_PROXY: 'http://upper', https_proxy: '' }, undefined],
    ['https://api.example:6443', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://api.example:6443', { HTTP_PROXY: 'http://proxy' }, undefined],
    ['http://api.example', { HTTP_PROXY: 'http://proxy' }, 'http://proxy/'],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://[::1]:6443', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://localhost', { HTTPS_PROXY: 'http://proxy' }, undefined],
  ])('for %s with %o is %s', (server, env, expected) => {
    expect(choose(server, env)).toBe(expected)
  })

  it('is the kubeconfig’s before the environment’s, whatever NO_PROXY says', () => {
    const env = { HTTPS_PROXY: 'http://other', NO_PROXY: '*' }
    expect(choose('https://api.example', env, 'socks5h://own:1080')).toBe('socks5://own:1080')
  })

  it.each([
    ['ftp://me:secret@proxy', {}],
    ['me:secret@ proxy', {}],
    [undefined, { HTTPS_PROXY: 'http://me:secret@:bad' }],
  ])('is refused, without its password, when it is none: %s', (own, env) => {
    expect(() => choose('https://api.example', env, own)).toThrow(/is not the URL of a proxy$/)
  })

  it.each([
    ['https://api.example', '*', true],
    ['https://api.example', 'example', true],
    ['https://api.example', '.example', true],
    ['https://example', '.example', false],
    ['https://example', '*.example', false],
    ['https://api.example', '*.example', true],
    ['https://notexample', 'example', false],
    ['https://API.example', 'other, api.EXAMPLE', true],
    ['https://api.example:6443', 'api.example:6443', true],
    ['https://api.example:6443', 'api.example:443', false],
    ['https://api.example', 'api.example:443', true],
    ['https://10.1.2.3', '10.0.0.0/8', true],
    ['https://11.1.2.3', '10.0.0.0/8', false],
    ['https://10.1.2.3', '10.1.2.3', true],
    ['https://10.1.2.3:6443', '10.1.2.3:6443', true],
    ['https://[fd00::5]:6443', 'fd00::/8', true],
    ['https://[fd00::5]:6443', 'fd00::5', true],
    ['https://[fd00::5]:6443', '[fd00::5]:6443', true],
    ['https://[fd00::5]:6443', '[fd00::5]:443', false],
    ['https://10.1.2.3', '10.0.0.0/99', false],
    ['https://10.1.2.3', 'fd00::/8', false],
    ['https://api.example', '10.0.0.0/8', false],
  ])('%s with NO_PROXY=%s: exempt %p', (server, noProxy, isExempt) => {
    const chosen = choose(server, { HTTPS_PROXY: 'http://proxy', NO_PROXY: noProxy })
    expect(chosen === undefined).toBe(isExempt)
  })
})

describe('through a proxy', () => {
  let server: ApiServer
  let proxy: ConnectProxy
  let url: string

  beforeEach(async () => {
    proxy = new ConnectProxy()
    url = (await proxy.start()).replace('//', '//me:secret@')
    server = await ApiServer.start()
    server.handler = (_, response) => answer(response, 200, configMap('a', '1'))
  })

  afterEach(async () => {
    proxy.close()
    await server.close()
  })

  const client = (options = {}) =>
    server.client(options, server.kubeconfig({ cluster: { 'proxy-url': url } }))

  it('reaches the server, verifies it, and keeps the tunnel', async () => {
    const api = client()
    for (let count = 1; count <= 10; count++) await api.get(configMaps, 'team', 'a')
    await api.close()
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`
    expect(proxy.asked[0]).toEqual({ target: new URL(server.url).host, authorization })
    // A connection is free again a moment after its answer: two take turns.
    expect(proxy.asked.length).toBeLessThanOrEqual(2)
  })

  it('says that the proxy refuses', async () => {
    proxy.refuse = { status: 407, times: 9 }
    const api = client()
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({ code: 'PROXY_REFUSED' })
    expect(proxy.asked).toHaveLength(1)
    await api.close()
  })

  it('tries again, also a write, when the proxy cannot reach the server', async () => {
    proxy.refuse = { status: 503, times: 2 }
    const api = client()
    await api.create(configMaps, 'team', { metadata: { name: 'a' } })
    expect([proxy.asked.length, server.received.length]).toEqual([3, 1])
    await api.close()
  })

  it('survives a proxy that does not answer, and tries a write again: the server has not seen it', async () => {
    const log: string[] = []
    const debug = (line: string) => {
      log.push(line)
      proxy.isSilent = false
    }
    proxy.isSilent = true
    const api = client({ log: { ...silent, debug }, retry: { silenceMs: 200, deadlineMs: 30_000 } })
    await api.create(configMaps, 'team', { metadata: { name: 'a' } })
    expect(log[0]).toContain('the proxy does not answer')
    expect([proxy.asked.length, server.received.length]).toEqual([2, 1])
    await api.close()
  })

  it('survives tunnels that break', async () => {
    const api = client()
    await api.get(configMaps, 'team', 'a')
    server.handler = ({ number }, response) => {
      if (number === 2) proxy.cut()
      else answer(response, 200, configMap('a', '1'))
    }
    await api.get(configMaps, 'team', 'a')
    expect(server.received).toHaveLength(3)
    await api.close()
  })
})

describe('through a SOCKS proxy', () => {
  it('reaches the server', async () => {
    const asked: string[] = []
    const sockets = new Set<Socket>()
    /** SOCKS 5 without a password (RFC 1928): greeting, CONNECT to an IPv4 address, then bytes. */
    const socks = createTcpServer((client) => {
      sockets.add(client.on('error', () => undefined))
      client.once('data', () => {
        client.write(Uint8Array.of(5, 0))
        client.once('data', (request: Buffer) => {
          const port = request.readUInt16BE(8)
          asked.push(`${request.subarray(4, 8).join('.')}:${port}`)
          const upstream = connectSocket(port, '127.0.0.1', () => {
            client.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
            upstream.pipe(client).pipe(upstream)
          })
          sockets.add(upstream.on('error', () => undefined))
        })
      })
    })
    await once(socks.listen(0, '127.0.0.1'), 'listening')
    const server = await ApiServer.start()
    server.handler = (_, response) => answer(response, 200, configMap('a', '1'))
    const url = `socks5://127.0.0.1:${(socks.address() as AddressInfo).port}`
    const api = server.client({}, server.kubeconfig({ cluster: { 'proxy-url': url } }))
    await api.get(configMaps, 'team', 'a')
    expect(asked).toEqual([new URL(server.url).host])
    await api.close()
    for (const socket of sockets) socket.destroy()
    socks.close()
    await server.close()
  })
})
