import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { startGitHub } from './server.ts'
import { startTestGitHub, testTimeoutMs } from './testing.ts'
import type { TestGitHub } from './testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
let now: number

beforeEach(async () => {
  now = Date.parse('2026-11-23T14:00:00Z')
  hub = await startTestGitHub(undefined, { now: () => new Date(now) })
})
afterEach(() => hub.stop())

const repository = '/repos/acme/kafka-pipeline'

interface Sent {
  method?: string
  body?: string
  headers?: Record<string, string>
}

async function send(path: string, { method = 'GET', body, headers }: Sent = {}): Promise<Response> {
  const authorization = 'Bearer token'
  const payload = body === undefined ? {} : { body }
  return fetch(hub.github.url + path, { method, ...payload, headers: { authorization, ...headers } })
}

/** Waits until the stand-in has seen so many requests. */
async function arrived(count: number): Promise<void> {
  while (hub.github.requests.length < count) await new Promise((resolve) => setImmediate(resolve))
}

/** Sends bytes as they are, and returns everything that comes back. */
async function speak(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(hub.github.url).port), '127.0.0.1')
  socket.end(bytes)
  return text(socket)
}

describe('requests that GitHub would not understand', () => {
  it.each([
    ['GET', '/nothing', 'not in GitHub’s API'],
    ['GET', '/graphql', 'not in GitHub’s API'],
    ['GET', '/repos/acme/kafka-pipeline/%zz', 'not in GitHub’s API'],
    ['PUT', `${repository}/git/refs`, 'not in GitHub’s API'],
    ['GET', `${repository}/milestones`, 'not served by the stand-in'],
  ])('%s %s is 404 and a violation', async (method, path, reason) => {
    const response = await send(path, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ message: 'Not Found', status: '404' })
    expect(hub.github.violations).toEqual([`${method} ${path}: ${reason}`])
  })

  it.each([
    ['{"title":', 400, 'Problems parsing JSON'],
    ['\u0000', 400, 'Problems parsing JSON'],
    ['"text"', 400, 'Body should be a JSON object'],
    ['[]', 422, 'Invalid request.'],
    ['{}', 422, 'Invalid request.'],
    ['{"title":"t","titel":"x"}', 422, '"additionalProperty":"titel"'],
    ['', 422, 'Invalid request.'],
  ])('the body %j is %i and a violation', async (body, status, message) => {
    const response = await send(`${repository}/issues`, { method: 'POST', body })
    expect(response.status).toBe(status)
    expect(((await response.json()) as { message: string }).message).toContain(message)
    expect(hub.github.violations.length).toBeGreaterThan(0)
    expect(hub.github.state.issues.list()).toEqual([])
  })

  it('a path parameter of the wrong type names nothing', async () => {
    expect((await send(`${repository}/issues/undefined`)).status).toBe(404)
    expect(hub.github.violations).toEqual([expect.stringContaining('issues/get request: path/issue_number')])
  })

  it('bytes that are no HTTP end the connection and nothing else', async () => {
    expect(await speak('\u0016\u0003garbage\r\n\r\n')).toMatch(/^HTTP\/1.1 400/)
    expect((await send('/rate_limit')).status).toBe(200)
  })

  it('a client that goes away in the middle is no violation, and nothing is done', async () => {
    const head = `POST ${repository}/issues HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\nAuthorization: Bearer x\r\nContent-Length: 99\r\n`
    await speak(`${head}\r\n{"title":"t"}`)
    expect(hub.github.requests.map((request) => request.status)).toEqual([undefined])
    expect(hub.github.state.issues.list()).toEqual([])
    expect(hub.github.violations).toEqual([])
  })

  it('a request target that is no address is 404', async () => {
    expect(await speak('GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 404/)
  })
})

describe('what the stand-in would ignore', () => {
  it.each([
    ['GET', `${repository}/issues?milestone=1`, undefined, 'query parameter "milestone"'],
    ['POST', `${repository}/issues`, '{"title":"t","milestone":1}', 'property "milestone"'],
  ])('%s %s is a violation', async (method, path, body, message) => {
    const response = await send(path, { method, ...(body === undefined ? {} : { body }) })
    expect(response.ok).toBe(true)
    expect(hub.github.violations).toEqual([expect.stringContaining(message)])
  })

  it('a media type is a violation', async () => {
    await send(`${repository}/issues`, { headers: { accept: 'application/vnd.github.html+json' } })
    expect(hub.github.violations).toEqual([expect.stringContaining('media type "html"')])
  })

  it('the default media types are none', async () => {
    for (const accept of [
      'application/vnd.github+json',
      'application/vnd.github.v3+json',
      'application/json',
      '*/*',
    ]) {
      expect((await send(`${repository}/issues`, { headers: { accept } })).status).toBe(200)
    }
    expect(hub.github.violations).toEqual([])
  })
})

describe('an answer that GitHub would not give', () => {
  it('is a violation', async () => {
    hub.github.state.users.get('acme').createdAt = 'yesterday'
    expect((await send('/users/acme')).status).toBe(200)
    expect(hub.github.violations).toContainEqual(
      expect.stringMatching(/^users\/get-by-username response: response\/created_at/),
    )
  })
})

describe('the token', () => {
  it.each(['', 'Bearer', 'Bearer ', 'token  '])('is needed for writing: %j', async (authorization) => {
    const response = await send(`${repository}/issues`, {
      method: 'POST',
      body: '{"title":"t"}',
      headers: { authorization },
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      message: 'Requires authentication',
      documentation_url: 'https://docs.github.com/rest',
      status: '401',
    })
    expect(hub.github.state.issues.list()).toEqual([])
    expect(hub.github.violations).toEqual([])
  })

  it('is not needed for reading; a user agent is', async () => {
    expect((await send(`${repository}/issues`, { headers: { authorization: '' } })).status).toBe(200)
    const answer = await speak(`GET ${repository} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 403[\s\S]*User-Agent/)
  })
})

describe('outages', () => {
  const status = async (): Promise<number> => (await send(`${repository}/issues`)).status

  it('answer 503 for so many requests', async () => {
    hub.github.state.faults.start('unavailable', { requests: 2 })
    expect([await status(), await status(), await status()]).toEqual([503, 503, 200])
    expect(hub.github.requests.map((request) => request.status)).toEqual([503, 503, 200])
  })

  it('last for a time by the clock, or until they are ended', async () => {
    hub.github.state.faults.start('unavailable', { forMs: 10_000 })
    expect(await status()).toBe(503)
    now += 10_000
    expect(await status()).toBe(200)
    const end = hub.github.state.faults.start('unavailable')
    expect(await status()).toBe(503)
    end()
    expect(await status()).toBe(200)
  })

  it('meet only the requests that they are for', async () => {
    hub.github.state.faults.start('unavailable', { only: ({ method }) => method === 'POST' })
    expect(await status()).toBe(200)
    const write = send(`${repository}/issues`, { method: 'POST', body: '{"title":"t"}' })
    expect((await write).status).toBe(503)
  })

  it('limit the rate, both ways', async () => {
    hub.github.state.faults.start('secondary-rate-limit', { requests: 1, retryAfterSeconds: 7 })
    const secondary = await send(`${repository}/issues`)
    expect([secondary.status, secondary.headers.get('retry-after')]).toEqual([403, '7'])
    expect(((await secondary.json()) as { message: string }).message).toContain('secondary rate limit')
    hub.github.state.faults.start('rate-limit', { requests: 1 })
    const primary = await send(`${repository}/issues`)
    expect([primary.status, primary.headers.get('x-ratelimit-remaining')]).toEqual([403, '0'])
  })

  it('hang until the client gives up or the fault ends', async () => {
    const end = hub.github.state.faults.start('hang')
    const impatient = fetch(`${hub.github.url}${repository}`, { signal: AbortSignal.timeout(50) })
    await expect(impatient).rejects.toThrow('timeout')
    const patient = send(repository)
    await arrived(2)
    end()
    await expect(patient).rejects.toThrow('fetch failed')
    expect((await send(repository)).status).toBe(200)
    expect(hub.github.requests.map((request) => request.status)).toEqual([undefined, undefined, 200])
  })

  it('break the connection before or after the work', async () => {
    const create = (): Promise<Response> =>
      send(`${repository}/issues`, { method: 'POST', body: '{"title":"t"}' })
    hub.github.state.faults.start('reset', { requests: 1 })
    await expect(create()).rejects.toThrow('fetch failed')
    expect(hub.github.state.issues.list()).toHaveLength(0)
    hub.github.state.faults.start('answer-lost', { requests: 1 })
    await expect(create()).rejects.toThrow('fetch failed')
    expect(hub.github.state.issues.list()).toHaveLength(1)
    expect(hub.github.violations).toEqual([])
  })
})

describe('the server', () => {
  it('counts requests against the limit of a workflow’s token', async () => {
    const { headers } = await send(repository)
    expect(headers.get('x-ratelimit-used')).toBe('1')
    const { data } = await hub.octokit.rest.rateLimit.get()
    expect(data.rate).toMatchObject({ limit: 1000, used: 1, remaining: 999, reset: (now + 3_600_000) / 1000 })
    now += 3_600_000
    expect((await hub.octokit.rest.rateLimit.get()).data.rate).toMatchObject({ used: 0 })
  })

  it('reports a handler that fails as a violation, and answers 500', async () => {
    const head = (await hub.show('rev-parse', 'main')).trim()
    await hub.show('update-ref', '--no-deref', 'HEAD', head) // no branch is the default one any more
    expect((await send(repository)).status).toBe(500)
    expect(hub.github.violations).toEqual([
      expect.stringContaining('repos/get handler: GitFailure: git symbolic-ref'),
    ])
  })

  it('listens on 127.0.0.1 only, and refuses a folder that is no repository', async () => {
    expect(new URL(hub.github.url).hostname).toBe('127.0.0.1')
    await expect(startGitHub({ ...hub.at, bare: '/nowhere' })).rejects.toThrow('not a git repository')
    const bare = (await hub.show('rev-parse', '--absolute-git-dir')).trim()
    const port = Number(new URL(hub.github.url).port)
    await expect(startGitHub({ ...hub.at, bare, port })).rejects.toThrow('EADDRINUSE')
    await hub.show('config', 'core.bare', 'false')
    await expect(startGitHub({ ...hub.at, bare })).rejects.toThrow('no bare repository')
  })

  it('closes with requests under way', async () => {
    hub.github.state.faults.start('hang')
    const waiting = send(repository)
    const refused = expect(waiting).rejects.toThrow('fetch failed')
    await arrived(1)
    await hub.github.close()
    await refused
    await expect(send(repository)).rejects.toThrow('fetch failed')
  })
})
