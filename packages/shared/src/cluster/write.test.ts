import { once } from 'node:events'
import { connect as connectSocket, createServer, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { silent } from '../ports.ts'
import type { KubernetesApi } from './api.ts'
import { answer, ApiServer, configMap, eventually, status, type Received } from './api-server.fixture.ts'
import { configMaps } from './resources.ts'

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

const draft = { metadata: { name: 'a' }, data: { key: 'new' } }
const versioned = { metadata: { name: 'a', resourceVersion: '7' }, data: { key: 'new' } }
const versionTest = [
  { op: 'test', path: '/metadata/resourceVersion', value: '7' },
  { op: 'replace', path: '/data/key', value: 'new' },
]

type Write = (client: KubernetesApi) => Promise<unknown>
const create: Write = (client) => client.create(configMaps, 'team', draft)
const replace: Write = (client) => client.replace(configMaps, 'team', 'a', versioned)
const merge: Write = (client) => client.patch(configMaps, 'team', 'a', { data: { key: 'new' } }, 'merge')
const versionedMerge: Write = (client) => client.patch(configMaps, 'team', 'a', versioned, 'merge')
const strategic: Write = (client) => client.patch(configMaps, 'team', 'a', versioned, 'strategic')
const jsonPatch: Write = (client) => client.patch(configMaps, 'team', 'a', versionTest, 'json')
const apply: Write = (client) => client.apply(configMaps, 'team', 'a', { data: { key: 'new' } })
const remove: Write = (client) => client.delete(configMaps, 'team', 'a')
const removeThisOne: Write = (client) => client.delete(configMaps, 'team', 'a', { uid: 'u-1' })
const everyWrite: [string, Write][] = Object.entries({
  create,
  replace,
  merge,
  versionedMerge,
  strategic,
  jsonPatch,
  apply,
  remove,
  removeThisOne,
})

const writes = () => server.received.filter(({ method }) => method !== 'GET')
const realWrites = () => writes().filter(({ query }) => !query.has('dryRun'))
/**
 * Answers reads with `stored` and leaves writes to `handler`, which is told how many there have been. `would` is what the
 * same write would make of the object, where that is asked.
 */
function store(
  stored: object | undefined,
  handler: (write: number, drop: () => void, done: (body?: object) => void) => void,
  would?: object,
) {
  server.handler = (request, response) => {
    if (request.method === 'GET') {
      if (stored === undefined) answer(response, 404, status(404, 'NotFound', 'no', { name: 'a' }))
      else answer(response, 200, stored)
      return
    }
    if (would !== undefined && request.query.has('dryRun')) return answer(response, 200, would)
    handler(
      writes().length,
      () => response.socket?.destroy(),
      (body = configMap('a', '8')) => answer(response, 200, body),
    )
  }
}

describe('what is sent', () => {
  beforeEach(() => {
    server.handler = (_, response) => answer(response, 200, configMap('a', '8'))
  })

  it.each(everyWrite)('%s is a dry run when the client is one', async (_, write) => {
    const careful = server.client({ dryRun: true })
    await write(careful)
    await careful.close()
    const [request] = writes()
    expect(request?.query.getAll('dryRun')).toEqual(['All'])
    // The server looks for the options of a DELETE in its body, if it has one, and nowhere else.
    const { dryRun } = JSON.parse(request?.body ?? '') as { dryRun?: unknown }
    expect(dryRun).toEqual(request?.method === 'DELETE' ? ['All'] : undefined)
  })

  it.each(everyWrite)('%s is real otherwise', async (_, write) => {
    await write(api)
    expect(writes().map(({ query, body }) => query.has('dryRun') || body.includes('dryRun'))).toEqual([false])
  })

  it.each<[string, Write, Partial<Received>, string]>([
    ['create', create, { method: 'POST', path: '/api/v1/namespaces/team/configmaps' }, 'application/json'],
    ['replace', replace, { method: 'PUT' }, 'application/json'],
    ['merge', merge, { method: 'PATCH' }, 'application/merge-patch+json'],
    ['strategic', strategic, { method: 'PATCH' }, 'application/strategic-merge-patch+json'],
    ['json', jsonPatch, { method: 'PATCH' }, 'application/json-patch+json'],
    ['apply', apply, { method: 'PATCH' }, 'application/apply-patch+yaml'],
  ])('%s', async (_, write, request, type) => {
    await write(api)
    expect(server.received[0]).toMatchObject({ path: '/api/v1/namespaces/team/configmaps/a', ...request })
    expect(server.received[0]?.headers['content-type']).toBe(type)
    expect(server.received[0]?.query.get('fieldManager')).toBe('tester')
  })

  it('completes what is applied', async () => {
    await api.apply(configMaps, 'team', 'a', { data: {} }, { force: true })
    const [request] = server.received
    expect(JSON.parse(request?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: {},
    })
    expect(request?.query.get('force')).toBe('true')
  })

  it('deletes by precondition and propagation', async () => {
    await api.delete(configMaps, 'team', 'a', { uid: 'u-1', resourceVersion: '7', propagation: 'Foreground' })
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      preconditions: { uid: 'u-1', resourceVersion: '7' },
    })
  })
})

describe('writes that the server has surely not executed are sent again', () => {
  it.each(everyWrite)('%s after 429', async (_, write) => {
    server.handler = ({ number }, response) => {
      if (number <= 2) answer(response, 429, status(429, 'TooManyRequests', 'wait'))
      else answer(response, 200, configMap('a', '8'))
    }
    await write(api)
    expect(writes()).toHaveLength(3)
  })

  it('after 503 with Retry-After', async () => {
    server.handler = ({ number }, response) => {
      if (number === 1)
        answer(response, 503, status(503, 'ServiceUnavailable', 'starting'), { 'retry-after': '0' })
      else answer(response, 201, configMap('a', '8'))
    }
    await create(api)
    expect(writes()).toHaveLength(2)
  })

  it('after a refused connection', async () => {
    const port = Number(new URL(server.url).port)
    const log: string[] = []
    const client = server.client({ log: { ...silent, debug: (line) => log.push(line) } })
    await server.close()
    const created = create(client)
    await eventually(() => log.some((line) => line.includes('ECONNREFUSED')))
    server = await ApiServer.start({ port })
    server.handler = (_, response) => answer(response, 201, configMap('a', '8'))
    await created
    await client.close()
    expect(writes()).toHaveLength(1)
  })

  it('after connections that were cut in the TLS handshake', async () => {
    let connections = 0
    const target = Number(new URL(server.url).port)
    const relay = createServer((socket) => {
      connections++
      if (connections <= 2) return void socket.once('data', () => socket.destroy())
      const upstream = connectSocket(target, '127.0.0.1')
      socket.on('error', () => upstream.destroy()).pipe(upstream)
      upstream.on('error', () => socket.destroy()).pipe(socket)
    })
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    const url = `https://127.0.0.1:${(relay.address() as AddressInfo).port}`
    const client = server.client({}, server.kubeconfig({ cluster: { server: url } }))
    server.handler = (_, response) => answer(response, 201, configMap('a', '8'))
    await create(client)
    await client.close()
    relay.close()
    expect([connections, writes().length]).toEqual([3, 1])
  })

  it('not after 401 where there are no other credentials', async () => {
    server.handler = (_, response) => answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'))
    await expect(create(api)).rejects.toMatchObject({ status: 401, fields: { user: 'deployer' } })
    expect(writes()).toHaveLength(1)
  })
})

describe('writes whose answer is lost', () => {
  it.each<[string, Write]>([
    ['create', create],
    ['merge', merge],
    ['delete', remove],
  ])('are not repeated: %s', async (_, write) => {
    store(configMap('a', '8'), (_number, drop) => drop(), configMap('a', '8', { key: 'new' }))
    const error = await write(api).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'AmbiguousWrite',
      readBack: { result: 'found', current: configMap('a', '8') },
    })
    expect((error as Error).cause).toMatchObject({ name: 'TransportError' })
    expect(realWrites()).toHaveLength(1)
  })

  it.each([500, 502, 503, 504])('are not repeated after %d', async (code) => {
    server.handler = ({ method }, response) => {
      if (method === 'DELETE') answer(response, code, status(code, 'InternalError', 'etcd: leader changed'))
      else answer(response, 404, status(404, 'NotFound', 'no', { name: 'a' }))
    }
    await expect(remove(api)).rejects.toMatchObject({
      name: 'AmbiguousWrite',
      readBack: { result: 'absent' },
    })
    expect(writes()).toHaveLength(1)
  })

  it('of a new object are repeated while there is none', async () => {
    store(undefined, (number, drop, done) => (number <= 2 ? drop() : done()))
    await create(api)
    expect(writes()).toHaveLength(3)
  })

  it('of a new object are left to the caller when the repetition finds one, which may be the first try’s', async () => {
    server.handler = ({ method }, response) => {
      if (method === 'GET' && writes().length === 1)
        answer(response, 404, status(404, 'NotFound', 'no', { name: 'a' }))
      else if (method === 'GET') answer(response, 200, configMap('a', '8'))
      else if (writes().length === 1) response.socket?.destroy()
      else answer(response, 409, status(409, 'AlreadyExists', 'it exists'))
    }
    await expect(create(api)).rejects.toMatchObject({
      name: 'AmbiguousWrite',
      readBack: { result: 'found' },
      cause: { isAlreadyExists: true },
    })
    expect(writes()).toHaveLength(2)
  })

  const versionedApply: Write = (client) => client.apply(configMaps, 'team', 'a', versioned)

  describe.each<[string, Write]>([
    ['merge', merge],
    ['merge with a resourceVersion', versionedMerge],
    ['strategic', strategic],
    ['apply with a resourceVersion', versionedApply],
  ])('that say how the object shall be: %s', (_, write) => {
    const changed = configMap('a', '8', { key: 'new' })

    it('have been executed where they would change nothing any more', async () => {
      store(changed, (_number, drop) => drop(), changed)
      expect(await write(api)).toEqual(changed)
      expect(realWrites()).toHaveLength(1)
      // Asked without the resourceVersion, which is another one now.
      expect(writes()[1]?.body).not.toContain('resourceVersion')
    })

    it('have been executed also where others write what is theirs in between', async () => {
      const states = ['8', '9', '10'].map((version) =>
        configMap('a', version, { key: 'new', count: version }),
      )
      let now = 0
      server.handler = ({ method, query }, response) => {
        if (method === 'GET') answer(response, 200, states[now] ?? {})
        else if (query.has('dryRun')) answer(response, 200, states[(now = Math.min(now + 1, 2))] ?? {})
        else response.socket?.destroy()
      }
      expect(await write(api)).toEqual(states[2])
      expect(realWrites()).toHaveLength(1)
    })

    it('are left to the caller where others never come to rest', async () => {
      let version = 8
      server.handler = ({ method, query }, response) => {
        if (method !== 'GET' && !query.has('dryRun')) return void response.socket?.destroy()
        version += 1
        answer(response, 200, configMap('a', `${version}`, { key: 'new', count: `${version}` }))
      }
      await expect(write(api)).rejects.toMatchObject({ name: 'AmbiguousWrite' })
      expect(realWrites()).toHaveLength(1)
    })

    it('are left to the caller where the server does not say what they would change', async () => {
      server.handler = ({ method, query }, response) => {
        if (method === 'GET') answer(response, 200, changed)
        else if (query.has('dryRun')) answer(response, 403, status(403, 'Forbidden', 'no dry runs here'))
        else response.socket?.destroy()
      }
      await expect(write(api)).rejects.toMatchObject({
        name: 'AmbiguousWrite',
        cause: { code: 'UND_ERR_SOCKET' },
      })
      expect(realWrites()).toHaveLength(1)
    })
  })

  it('are not repeated when the answer is cut', async () => {
    server.handler = ({ method }, response) => {
      if (method === 'POST') response.writeHead(201).end('{"kind":"ConfigMap","meta')
      else answer(response, 200, configMap('a', '8'))
    }
    await expect(create(api)).rejects.toMatchObject({ name: 'AmbiguousWrite', readBack: { result: 'found' } })
    expect(writes()).toHaveLength(1)
  })

  it('say so when they cannot be read back, either', async () => {
    const hurried = server.client({ retry: { deadlineMs: 30 } })
    server.handler = (_, response) => response.socket?.destroy()
    await expect(create(hurried)).rejects.toMatchObject({
      name: 'AmbiguousWrite',
      readBack: { result: 'failed' },
    })
    await hurried.close()
  })

  it('say so when they have no name to read back', async () => {
    server.handler = (_, response) => response.socket?.destroy()
    const unnamed = api.create(configMaps, 'team', { metadata: { generateName: 'a-' } })
    await expect(unnamed).rejects.toMatchObject({
      name: 'AmbiguousWrite',
      readBack: { result: 'not-possible' },
    })
    expect(server.received).toHaveLength(1)
  })

  describe.each<[string, Write]>([
    ['PUT', replace],
    ['merge patch', versionedMerge],
    ['JSON patch', jsonPatch],
  ])('with a resourceVersion: %s', (_, write) => {
    it('are repeated while the object is untouched', async () => {
      store(configMap('a', '7'), (number, drop, done) => (number <= 2 ? drop() : done()))
      await write(api)
      expect(writes()).toHaveLength(3)
    })

    it('are left to the caller when the object has changed', async () => {
      const other = configMap('a', '8', { key: 'other' })
      store(other, (_number, drop) => drop(), configMap('a', '8', { key: 'new' }))
      await expect(write(api)).rejects.toMatchObject({ readBack: { current: { data: { key: 'other' } } } })
      expect(realWrites()).toHaveLength(1)
    })

    it('are left to the caller when the repetition meets a conflict, which may be the first try', async () => {
      const drops = (number: number, drop: () => void, done: () => void) => (number === 1 ? drop() : done())
      store(configMap('a', '7'), drops, configMap('a', '7', { key: 'new' }))
      const { handler } = server
      server.handler = (request, response) => {
        const isSecond = request.method !== 'GET' && !request.query.has('dryRun') && realWrites().length === 2
        if (isSecond) answer(response, 409, status(409, 'Conflict', 'the object has been modified'))
        else handler(request, response)
      }
      await expect(write(api)).rejects.toMatchObject({ name: 'AmbiguousWrite', cause: { status: 409 } })
      expect(realWrites()).toHaveLength(2)
    })

    it('stay unclear when there is no time to repeat them', async () => {
      server.handler = ({ method }, response) => {
        if (method === 'GET') answer(response, 200, configMap('a', '7'))
        else answer(response, 500, status(500, 'ServerTimeout', 'etcd is away'), { 'retry-after': '600' })
      }
      await expect(write(api)).rejects.toMatchObject({
        name: 'AmbiguousWrite',
        readBack: { result: 'found' },
        cause: { status: 500 },
      })
      expect(writes()).toHaveLength(1)
    })
  })

  it('are simply refused when the first try meets a conflict', async () => {
    server.handler = (_, response) =>
      answer(response, 409, status(409, 'Conflict', 'the object has been modified'))
    await expect(replace(api)).rejects.toMatchObject({
      name: 'ApiError',
      isConflict: true,
      isAlreadyExists: false,
    })
  })
})

describe('writes that may be done twice', () => {
  it.each<[string, Write]>([
    ['apply', apply],
    ['delete by uid', removeThisOne],
  ])('are repeated: %s', async (_, write) => {
    store(undefined, (number, drop, done) => (number <= 2 ? drop() : done()))
    await write(api)
    expect(writes()).toHaveLength(3)
  })

  it.each(everyWrite)('are all of a dry run: %s', async (_, write) => {
    const careful = server.client({ dryRun: true })
    store(undefined, (number, drop, done) => (number === 1 ? drop() : done()))
    await write(careful)
    expect(writes()).toHaveLength(2)
    await careful.close()
  })

  it.each([
    [404, 'NotFound'],
    [409, 'Conflict'],
  ])('a delete by uid that is repeated and meets %d has succeeded', async (code, reason) => {
    server.handler = ({ number }, response) => {
      if (number === 1) response.socket?.destroy()
      else answer(response, code, status(code, reason, 'gone'))
    }
    await removeThisOne(api)
    expect(writes()).toHaveLength(2)
  })

  it('a delete by uid that meets 404 at once has not', async () => {
    server.handler = (_, response) => answer(response, 404, status(404, 'NotFound', 'no', { name: 'a' }))
    await expect(removeThisOne(api)).rejects.toMatchObject({ isNotFound: true })
  })
})
