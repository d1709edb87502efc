import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  answer,
  ApiServer,
  eventually,
  configMap,
  listOf,
  selfSigned,
  status,
  type Received,
} from './api-server.fixture.ts'
import type { KubernetesApi } from './api.ts'
import { ApiError } from './api-error.ts'
import { configMaps } from './resources.ts'
import { follow, type FollowHandlers, type FollowOptions } from './watch.ts'

type ConfigMap = NonNullable<(typeof configMaps)['type']>

let server: ApiServer
let api: KubernetesApi
let stop: AbortController

beforeEach(async () => {
  server = await ApiServer.start()
  api = server.client()
  stop = new AbortController()
})

afterEach(async () => {
  stop.abort()
  await api.close()
  await server.close()
})

const backOff = { firstDelayMs: 1, longestDelayMs: 5 }
const lists = () => server.received.filter(({ query }) => !query.has('watch'))
const watches = () => server.received.filter(({ query }) => query.has('watch'))
const versions = () => watches().map(({ query }) => query.get('resourceVersion'))
const change = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`
const bookmark = (resourceVersion: string) =>
  change('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion } })

/** Answers lists with version 10, and the watches one after the other as `scripts` say; the last one repeats. */
function serve(...scripts: ((response: ServerResponse, request: Received) => void)[]) {
  server.handler = (request, response) => {
    if (!request.query.has('watch')) return answer(response, 200, listOf([configMap('a', '5')], '10'))
    const script = scripts[Math.min(watches().length, scripts.length) - 1]
    script?.(response, request)
  }
}

/** A watch that says these lines and then stays open. */
const says =
  (...lines: string[]) =>
  (response: ServerResponse) => {
    response.writeHead(200).flushHeaders()
    for (const line of lines) response.write(line)
  }

/** A watch that says these lines and ends in good order. */
const ends =
  (...lines: string[]) =>
  (response: ServerResponse) =>
    void response.writeHead(200).end(lines.join(''))

const resets = (response: ServerResponse) => void response.socket?.destroy()

/** Follows until `enough` has been seen, and returns all that was. */
async function seen(
  enough: (log: string[]) => boolean,
  options: FollowOptions<ConfigMap> = {},
  handlers: Partial<FollowHandlers<ConfigMap>> = {},
): Promise<string[]> {
  const log: string[] = []
  const note = (line: string) => {
    log.push(line)
    if (enough(log)) stop.abort()
  }
  const all: FollowHandlers<ConfigMap> = {
    reset: (items) => note(`reset ${items.map((item) => item.metadata?.name).join(',')}`),
    changed: (type, object) => note(`${type} ${object.metadata?.name}`),
    ...handlers,
  }
  await follow(api, configMaps, 'team', { backOff, ...options }, all, stop.signal)
  return log
}

const until = (line: string) => (log: string[]) => log.includes(line)

describe('following', () => {
  it('lists once and watches from there', async () => {
    serve(
      says(
        change('ADDED', configMap('b', '11')),
        change('MODIFIED', configMap('a', '12')),
        change('DELETED', configMap('b', '13')),
      ),
    )
    const log = await seen(until('DELETED b'), { labelSelector: 'app=x', fieldSelector: 'metadata.name!=c' })
    expect(log).toEqual(['reset a', 'ADDED b', 'MODIFIED a', 'DELETED b'])
    expect(lists()).toHaveLength(1)
    expect(Object.fromEntries(watches()[0]?.query ?? [])).toMatchObject({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      labelSelector: 'app=x',
      fieldSelector: 'metadata.name!=c',
    })
  })

  it('reads lines however they are cut', async () => {
    const line = Buffer.from(change('ADDED', configMap('b', '11', { key: 'zwölf €' })))
    const values: unknown[] = []
    serve((response) => {
      response.writeHead(200).flushHeaders()
      const send = (at: number) => {
        if (at < line.length) response.write(line.subarray(at, at + 1), () => setImmediate(send, at + 1))
      }
      send(0)
    })
    await seen(
      () => false,
      {},
      {
        changed: (_, object) => {
          values.push(object.data)
          stop.abort()
        },
      },
    )
    expect(values).toEqual([{ key: 'zwölf €' }])
  })

  it('keeps what trim leaves', async () => {
    serve(says(change('ADDED', configMap('b', '11'))))
    const log = await seen(until('ADDED B'), {
      trim: (object) => ({ metadata: { name: object.metadata?.name?.toUpperCase() ?? '' } }),
    })
    expect(log).toEqual(['reset A', 'ADDED B'])
  })

  it('ends when it is told to, also in a silent watch and in a pause', async () => {
    serve(says())
    const following = seen(() => false)
    await eventually(() => watches().length > 0)
    stop.abort()
    await following
    await eventually(() => server.sockets.size <= 1)

    serve(resets)
    stop = new AbortController()
    const pausing = seen(() => false, { backOff: { firstDelayMs: 3_600_000, longestDelayMs: 3_600_000 } })
    await eventually(() => watches().length >= 2)
    stop.abort()
    await pausing
  })
})

describe('resuming', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['a normal close', ends(change('ADDED', configMap('b', '11')))],
    [
      'a reset',
      (response) => (
        says(change('ADDED', configMap('b', '11')))(response),
        void setTimeout(() => resets(response), 10)
      ),
    ],
    [
      'a reset within an event, of a server that is about to go',
      (response) => {
        response.writeHead(200, { connection: 'close' }).flushHeaders()
        const lines =
          change('ADDED', configMap('b', '11')) + change('DELETED', configMap('b', '12')).slice(0, 20)
        response.write(lines, () => server.reset(response))
      },
    ],
    ['half a line', ends(change('ADDED', configMap('b', '11')), '{"type":"DELETED","obj')],
  ])('after %s: from the last version, without a second list', async (_, first) => {
    serve(first, resets, says(change('DELETED', configMap('b', '12'))))
    expect(await seen(until('DELETED b'))).toEqual(['reset a', 'ADDED b', 'DELETED b'])
    expect(versions()).toEqual(['10', '11', '11'])
    expect(lists()).toHaveLength(1)
  })

  it('from a bookmark', async () => {
    serve(ends(bookmark('99')), says(change('ADDED', configMap('b', '100'))))
    await seen(until('ADDED b'))
    expect(versions()).toEqual(['10', '99'])
  })

  it.each([429, 500, 503, 504])('after a burst of %d', async (code) => {
    const fails = (response: ServerResponse) => answer(response, code, status(code, 'ServerTimeout', 'busy'))
    serve(fails, fails, says(change('ADDED', configMap('b', '11'))))
    expect(await seen(until('ADDED b'))).toEqual(['reset a', 'ADDED b'])
    expect(lists()).toHaveLength(1)
  })

  it('waits as long as the server asks', async () => {
    const times: number[] = []
    serve(
      (response) => {
        times.push(performance.now())
        answer(response, 429, status(429, 'TooManyRequests', 'wait'), { 'retry-after': '1' })
      },
      (response) => {
        times.push(performance.now())
        says(change('ADDED', configMap('b', '11')))(response)
      },
    )
    await seen(until('ADDED b'))
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1000)
  })

  it('after a peer that falls silent', async () => {
    serve(says(bookmark('20')), says(change('ADDED', configMap('b', '21'))))
    const started = performance.now()
    await seen(until('ADDED b'), { deadAfterMs: 300 })
    expect(performance.now() - started).toBeGreaterThanOrEqual(300)
    expect(versions()).toEqual(['10', '20'])
  })

  it('after a peer that does not even begin to answer', async () => {
    serve(() => undefined, says(change('ADDED', configMap('b', '11'))))
    expect(await seen(until('ADDED b'), { deadAfterMs: 100 })).toEqual(['reset a', 'ADDED b'])
  })

  it('leaves a quiet watch alone while bookmarks come', async () => {
    serve((response) => {
      response.writeHead(200).flushHeaders()
      let version = 10
      const tick = setInterval(() => response.write(bookmark(String(++version))), 60)
      const last = setTimeout(() => response.write(change('ADDED', configMap('b', '99'))), 600)
      response.on('close', () => {
        clearInterval(tick)
        clearTimeout(last)
      })
    })
    await seen(until('ADDED b'), { deadAfterMs: 300 })
    expect(watches()).toHaveLength(1)
  })

  it('tells since when the server is not heard', async () => {
    const since: Date[] = []
    serve(resets, resets, resets, says(change('ADDED', configMap('b', '11'))))
    await seen(until('ADDED b'), {}, { quiet: (date) => since.push(date) })
    expect(since).toHaveLength(3)
    expect(new Set(since.map(Number)).size).toBe(1)
  })
})

describe('listing again', () => {
  const expired = status(410, 'Expired', 'too old resource version: 10 (500)')

  it.each<[string, (response: ServerResponse) => void]>([
    ['410 as the answer', (response) => answer(response, 410, expired)],
    ['410 as an event', says(change('ERROR', expired))],
    ['an event without a version', says(change('ADDED', { kind: 'ConfigMap', metadata: { name: 'b' } }))],
    ['a line that is no JSON', says('<html>\n')],
  ])('after %s', async (_, first) => {
    serve(first, says(change('ADDED', configMap('b', '11'))))
    expect(await seen(until('ADDED b'))).toEqual(['reset a', 'reset a', 'ADDED b'])
    expect(lists()).toHaveLength(2)
  })

  it('not after another ERROR event', async () => {
    const failing = status(500, 'InternalError', 'watch cache is restarting')
    serve(
      says(change('ADDED', configMap('b', '11')), change('ERROR', failing)),
      says(change('DELETED', configMap('b', '12'))),
    )
    expect(await seen(until('DELETED b'))).toEqual(['reset a', 'ADDED b', 'DELETED b'])
    expect(versions()).toEqual(['10', '11'])
  })

  it('when the server keeps failing at one version', async () => {
    const fails = says(change('ERROR', status(500, 'InternalError', 'cannot decode')))
    serve(fails, fails, fails, says(change('ADDED', configMap('b', '11'))))
    expect(await seen(until('ADDED b'))).toEqual(['reset a', 'reset a', 'ADDED b'])
  })

  it('not while it goes on between failures', async () => {
    const fails = change('ERROR', status(500, 'InternalError', 'cannot decode'))
    const progress = (version: string) => says(change('MODIFIED', configMap('a', version)), fails)
    serve(
      says(fails),
      progress('11'),
      progress('12'),
      progress('13'),
      says(change('ADDED', configMap('b', '14'))),
    )
    await seen(until('ADDED b'))
    expect(lists()).toHaveLength(1)
  })

  it('survives failing lists', async () => {
    server.handler = ({ query, number }, response) => {
      if (number <= 12) return resets(response)
      if (query.has('watch')) says(change('ADDED', configMap('b', '11')))(response)
      else answer(response, 200, listOf([], '10'))
    }
    expect(await seen(until('ADDED b'))).toEqual(['reset ', 'ADDED b'])
  })
})

describe('giving up', () => {
  it.each([400, 401, 403, 404])('at %d', async (code) => {
    serve((response) => answer(response, code, status(code, 'Reason', 'no')))
    await expect(seen(() => false)).rejects.toMatchObject({ name: 'ApiError', status: code })
    expect(watches()).toHaveLength(1)
  })

  it('at 403 for the list', async () => {
    server.handler = (_, response) => answer(response, 403, status(403, 'Forbidden', 'no'))
    await expect(seen(() => false)).rejects.toMatchObject({ isForbidden: true })
    expect(server.received).toHaveLength(1)
  })

  it('at 403 as an event', async () => {
    serve(says(change('ERROR', status(403, 'Forbidden', 'no more'))))
    await expect(seen(() => false)).rejects.toMatchObject({ isForbidden: true })
  })

  it('at a certificate that is not to be trusted', async () => {
    const other = Buffer.from(selfSigned().cert).toString('base64')
    await api.close()
    api = server.client({}, server.kubeconfig({ cluster: { 'certificate-authority-data': other } }))
    await expect(seen(() => false)).rejects.toMatchObject({ isCertificateProblem: true })
  })

  const bug = () => {
    throw new Error('a bug of the caller')
  }

  it.each<[string, Partial<FollowHandlers<ConfigMap>>]>([
    ['reset', { reset: bug }],
    ['changed', { changed: bug }],
    ['quiet', { quiet: bug }],
  ])('at what %s throws', async (_, handlers) => {
    serve((response) => {
      says(change('ADDED', configMap('b', '11')))(response)
      setTimeout(() => resets(response), 20)
    })
    await expect(seen(() => false, {}, handlers)).rejects.toThrow('a bug of the caller')
  })

  it('leaves no watch behind', async () => {
    let isOpen = true
    serve((response) => {
      response.on('close', () => (isOpen = false))
      says(change('ADDED', configMap('b', '11')))(response)
    })
    await expect(seen(() => false, {}, { changed: bug })).rejects.toThrow('a bug of the caller')
    await eventually(() => !isOpen)
  })

  it('at what a handler throws, also when that looks like a failure to be survived', async () => {
    const failure = new ApiError({ method: 'GET', path: '/elsewhere', status: 503 })
    serve(says(change('ADDED', configMap('b', '11'))))
    const changed = () => {
      throw failure
    }
    await expect(seen(() => false, {}, { changed })).rejects.toBe(failure)
    expect(watches()).toHaveLength(1)
  })

  it('at what trim throws', async () => {
    serve(says())
    await expect(seen(() => false, { trim: bug })).rejects.toThrow('a bug of the caller')
  })
})
