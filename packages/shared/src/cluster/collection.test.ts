import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { answer, ApiServer, eventually, configMap, listOf, status } from './api-server.fixture.ts'
import type { KubernetesApi } from './api.ts'
import { Collection } from './collection.ts'
import { configMaps } from './resources.ts'

let server: ApiServer
let api: KubernetesApi
let stop: AbortController
/** The watch that is open, once there is one. */
let watch: PromiseWithResolvers<ServerResponse>

beforeEach(async () => {
  server = await ApiServer.start()
  api = server.client()
  stop = new AbortController()
  watch = Promise.withResolvers()
  server.handler = ({ query }, response) => {
    if (!query.has('watch'))
      return answer(response, 200, listOf([configMap('a', '5'), configMap('b', '6')], '10'))
    response.writeHead(200).flushHeaders()
    watch.resolve(response)
  }
})

afterEach(async () => {
  stop.abort()
  await api.close()
  await server.close()
})

const say = async (...changes: [string, object][]) => {
  const response = await watch.promise
  response.write(changes.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join(''))
}
const start = (namespace: string | undefined = 'team') =>
  new Collection(api, configMaps, namespace).start(stop.signal)
const names = (collection: ReturnType<typeof start>) => collection.items().map((item) => item.metadata?.name)
const isSettled = async (promise: Promise<unknown>) => {
  const pending = Symbol()
  return (
    (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 50, pending))])) !== pending
  )
}

describe('a collection', () => {
  it('holds what stands and what changes', async () => {
    const collection = start()
    await collection.synced
    expect(names(collection)).toEqual(['a', 'b'])
    await say(
      ['MODIFIED', configMap('a', '11', { key: 'new' })],
      ['DELETED', configMap('b', '12')],
      ['ADDED', configMap('c', '13')],
    )
    await collection.next()
    expect(names(collection)).toEqual(['a', 'c'])
    expect(collection.get('a')?.data).toEqual({ key: 'new' })
    expect(collection.get('b')).toBeUndefined()
  })

  it('keeps objects of one name in several namespaces apart', async () => {
    const elsewhere = {
      ...configMap('a', '7'),
      metadata: { name: 'a', namespace: 'other', resourceVersion: '7' },
    }
    const { handler } = server
    server.handler = (request, response) => {
      if (request.query.has('watch')) handler(request, response)
      else answer(response, 200, listOf([configMap('a', '5'), elsewhere], '10'))
    }
    const collection = new Collection(api, configMaps, undefined).start(stop.signal)
    await collection.synced
    expect(collection.items()).toHaveLength(2)
    expect(collection.get('other/a')?.metadata?.namespace).toBe('other')
  })

  it('forgets what is gone after a new list', async () => {
    const collection = start()
    await Promise.all([collection.synced, watch.promise])
    server.handler = ({ query }, response) => {
      if (query.has('watch')) response.writeHead(200).flushHeaders()
      else answer(response, 200, listOf([configMap('b', '60')], '100'))
    }
    await say(['ERROR', status(410, 'Expired', 'too old')])
    await collection.next()
    expect(names(collection)).toEqual(['b'])
  })

  it('is started once', () => {
    const collection = start()
    expect(() => collection.start(stop.signal)).toThrow('started once')
  })
})

describe('waiting for the next change', () => {
  it('takes a burst for one change', async () => {
    const collection = start()
    await collection.synced
    const waiting = collection.next()
    await say(
      ...Array.from({ length: 100 }, (_, at): [string, object] => [
        'ADDED',
        configMap(`n${at}`, `${20 + at}`),
      ]),
    )
    await waiting
    expect(collection.items()).toHaveLength(102)
    expect(await isSettled(collection.next())).toBe(false)
  })

  it('does not miss what came while nobody waited', async () => {
    const collection = start()
    await collection.synced
    const before = collection.revision
    await say(['ADDED', configMap('c', '13')])
    await eventually(() => collection.revision > before)
    expect(await isSettled(collection.next())).toBe(true)
  })

  it('serves several who say what they have seen', async () => {
    const collection = start()
    await collection.synced
    const seen = collection.revision
    await say(['ADDED', configMap('c', '13')])
    await collection.next()
    expect(await isSettled(collection.next(undefined, seen))).toBe(true)
    expect(await isSettled(collection.next())).toBe(false)
  })

  it('ends when it is told to, and loses nothing by that', async () => {
    const collection = start()
    await collection.synced
    const impatient = new AbortController()
    const waiting = collection.next(impatient.signal)
    impatient.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(collection.next(impatient.signal)).rejects.toThrow('enough')
    await say(['ADDED', configMap('c', '13')])
    await collection.next()
    expect(names(collection)).toContain('c')
  })
})

describe('the end', () => {
  it('rejects everybody with a failure that cannot be survived', async () => {
    server.handler = (_, response) => answer(response, 403, status(403, 'Forbidden', 'no'))
    const collection = start()
    await expect(collection.synced).rejects.toMatchObject({ isForbidden: true })
    await expect(collection.next()).rejects.toMatchObject({ isForbidden: true })
    await collection.ended
  })

  it('rejects who is waiting when the failure comes', async () => {
    const collection = start()
    await collection.synced
    const waiting = expect(collection.next()).rejects.toMatchObject({ isForbidden: true })
    await say(['ERROR', status(403, 'Forbidden', 'no more')])
    await waiting
  })

  it('comes with the signal, with its reason', async () => {
    const collection = start()
    await collection.synced
    const waiting = expect(collection.next()).rejects.toThrow('over')
    stop.abort(new Error('over'))
    await waiting
    await collection.ended
    expect(names(collection)).toEqual(['a', 'b'])
  })

  it('comes also before the first list', async () => {
    server.handler = () => undefined
    const collection = start()
    stop.abort(new Error('over'))
    await expect(collection.synced).rejects.toThrow('over')
  })
})
