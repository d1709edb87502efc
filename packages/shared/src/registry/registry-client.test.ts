import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { selfSigned } from '../cluster/api-server.fixture.ts'
import type { DockerConfig } from './docker-config.ts'
import { RegistryClient, type RegistryOptions } from './registry-client.ts'
import { identityToken, TestRegistry, user, type Guard } from './registry.fixture.ts'

const digest = `sha256:${'a'.repeat(64)}`
const other = `sha256:${'b'.repeat(64)}`
const folder = mkdtempSync(join(tmpdir(), 'registry-'))
let registry: TestRegistry
let clients: RegistryClient[] = []
let masked: string[] = []

beforeAll(() => {
  const helper = (name: string, script: string): void => {
    const file = join(folder, `docker-credential-${name}`)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
  // As the protocol has it: the server comes on stdin.
  helper(
    'good',
    `read server; printf '{"ServerURL":"%s","Username":"${user.username}","Secret":"${user.password}"}' "$server"`,
  )
  helper('none', 'echo "credentials not found in native keychain"; exit 1')
  helper('broken', 'echo "secret-of-the-helper"; exit 3')
  helper('odd', 'echo "secret-of-the-helper"')
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

beforeEach(async () => {
  registry = await TestRegistry.start()
  registry.images.set('team/worker:v1.1.0', digest)
})

afterEach(async () => {
  for (const client of clients) await client.close()
  clients = []
  masked = []
  await registry.close()
})

const none: DockerConfig = { auths: {}, credHelpers: {} }
const loggedIn = (): DockerConfig => ({
  ...none,
  auths: { [registry.host]: { auth: Buffer.from(`${user.username}:${user.password}`).toString('base64') } },
})

function look(image: string, options: Partial<RegistryOptions> = {}, signal = AbortSignal.timeout(20_000)) {
  const client = new RegistryClient({
    env: { PATH: [folder, process.env.PATH].join(delimiter) },
    mask: (secret) => void masked.push(secret),
    attemptMs: 2_000,
    waitsMs: [1, 1],
    ...options,
  })
  clients.push(client)
  return client.look(image, signal)
}
const worker = (tag = 'v1.1.0'): string => `${registry.host}/team/worker:${tag}`

describe('look', () => {
  it('finds an image by its tag, and tells the digest', async () => {
    expect(await look(worker())).toEqual({ result: 'found', digest })
    expect(registry.asked).toMatchObject([
      { method: 'HEAD', path: '/v2/team/worker/manifests/v1.1.0', authorization: undefined },
    ])
    expect(registry.asked[0]?.accept).toContain('application/vnd.oci.image.index.v1+json')
  })

  it('asks by the digest where there is one: it is what is pulled', async () => {
    expect(await look(`${worker('v9')}@${digest}`)).toEqual({ result: 'found', digest })
    expect(await look(`${worker()}@${other}`)).toEqual({ result: 'missing', isAnonymous: true })
  })

  it.each<[Guard, number]>([
    ['basic', 2],
    ['token', 3],
  ])('says who asks where the registry wants it: %s', async (guard, requests) => {
    registry.guard = guard
    expect(await look(worker(), { config: loggedIn })).toEqual({ result: 'found', digest })
    expect(await look(worker('v9'), { config: loggedIn })).toEqual({
      result: 'missing',
      isAnonymous: false,
    })
    expect(registry.asked).toHaveLength(2 * requests)
  })

  it('takes a token for nobody in particular where one is given', async () => {
    registry.guard = 'token'
    registry.lets = true
    expect(await look(worker())).toEqual({ result: 'found', digest })
    expect(registry.asked[1]?.path).toBe(
      '/token?service=registry.test&scope=repository%3Ateam%2Fworker%3Apull',
    )
  })

  it('trades a refresh token', async () => {
    registry.guard = 'token'
    const config = () => ({ ...none, auths: { [registry.host]: { identitytoken: identityToken } } })
    expect(await look(worker(), { config })).toEqual({ result: 'found', digest })
    expect(registry.asked[1]).toMatchObject({ method: 'POST', path: '/token' })
  })

  it.each<[string, string, object]>([
    ['good', 'found', { digest }],
    ['none', 'not-asked', { why: 'wants credentials, and there are none here (401)' }],
    ['broken', 'not-asked', { why: 'has its credentials with a helper: docker-credential-broken failed' }],
    [
      'odd',
      'not-asked',
      { why: 'has its credentials with a helper: docker-credential-odd printed no credentials' },
    ],
    [
      'absent',
      'not-asked',
      { why: 'has its credentials with a helper: docker-credential-absent is not installed here' },
    ],
  ])('asks the helper %s', async (helper, result, more) => {
    registry.guard = 'token'
    const config = () => ({ ...none, credHelpers: { [registry.host]: helper } })
    expect(await look(worker(), { config })).toEqual({ result, ...more })
  })

  it.each<Guard>(['basic', 'token'])(
    'cannot ask without credentials, or with wrong ones: %s',
    async (guard) => {
      registry.guard = guard
      expect(await look(worker())).toEqual({
        result: 'not-asked',
        why: 'wants credentials, and there are none here (401)',
      })
      const config = () => ({
        ...none,
        auths: { [registry.host]: { username: 'robot', password: 'wrong-password' } },
      })
      expect(await look(worker(), { config })).toEqual({
        result: 'not-asked',
        why: 'refuses the credentials that there are here (401)',
      })
    },
  )

  it('masks every secret, and repeats none', async () => {
    registry.guard = 'token'
    const answer = await look(worker(), { config: loggedIn })
    const encoded = Buffer.from(`${user.username}:${user.password}`).toString('base64')
    expect(masked).toEqual([user.password, encoded, 'token for repository:team/worker:pull'])
    for (const secret of masked) expect(JSON.stringify(answer)).not.toContain(secret)
  })
})

const always =
  (status: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse): boolean => {
    response.writeHead(status, headers).end()
    return true
  }

describe('what goes wrong is told apart', () => {
  it.each<[string, TestRegistry['misbehaves'], object, number]>([
    ['403', always(403), { result: 'not-asked', why: 'wants credentials, and there are none here (403)' }, 1],
    [
      '401 without a challenge',
      always(401),
      { result: 'not-asked', why: 'wants credentials, and there are none here (401)' },
      1,
    ],
    ['429', always(429), { result: 'not-asked', why: 'limits how often it may be asked (429)' }, 3],
    [
      '429 for long',
      always(429, { 'retry-after': '3600' }),
      { result: 'not-asked', why: 'limits how often it may be asked (429)' },
      1,
    ],
    ['503', always(503), { result: 'failing', why: 'answers 503' }, 3],
    ['405', always(405), { result: 'not-asked', why: 'gives an answer that tells nothing (405)' }, 1],
    [
      'redirects in a circle',
      always(307, { location: '/v2/again' }),
      { result: 'not-asked', why: 'redirects more than 5 times' },
      6,
    ],
    [
      'redirects to something else',
      always(307, { location: 'file:///etc/passwd' }),
      { result: 'not-asked', why: 'redirects to an address that is not safe' },
      1,
    ],
    [
      'a token server that fails',
      (request, response) => request.url?.startsWith('/token') === true && always(500)(request, response),
      { result: 'failing', why: 'has a token server that answers 500' },
      6,
    ],
    [
      'a token server that gives none',
      (request, response) => request.url?.startsWith('/token') === true && always(200)(request, response),
      { result: 'not-asked', why: 'has a token server that gives no token (200)' },
      2,
    ],
    [
      'a token server at an address that is not safe',
      always(401, { 'www-authenticate': 'Bearer realm="http://elsewhere.example/token"' }),
      { result: 'not-asked', why: 'sends to a token server whose address is not safe' },
      1,
    ],
    [
      'a connection that is cut',
      (request) => {
        request.socket.destroy()
        return true
      },
      { result: 'failing', why: 'broke the connection off' },
      3,
    ],
  ])('%s', async (_, misbehaves, wanted, requests) => {
    registry.guard = 'token'
    registry.misbehaves = misbehaves
    expect(await look(worker())).toEqual(wanted)
    expect(registry.asked).toHaveLength(requests)
  })

  it('a registry that says nothing', async () => {
    registry.misbehaves = () => true
    expect(await look(worker(), { attemptMs: 50 })).toEqual({
      result: 'failing',
      why: 'did not answer within 0.05 s',
    })
  })

  it('heals: what failed once is asked again', async () => {
    registry.misbehaves = (request, response) => registry.asked.length === 1 && always(503)(request, response)
    expect(await look(worker())).toEqual({ result: 'found', digest })
  })

  it('a port where nothing listens, and a name that does not exist', async () => {
    const { host } = registry
    await registry.close()
    expect(await look(`${host}/team/worker:v1`)).toEqual({
      result: 'not-asked',
      why: 'refuses connections from here',
    })
    expect(await look('registry.invalid/team/worker:v1')).toMatchObject({
      result: 'not-asked',
      why: expect.stringMatching(/^has a name that (does not exist|cannot be resolved) here$/) as unknown,
    })
    registry = await TestRegistry.start()
  })

  it('a certificate that nobody here trusts; one that somebody does', async () => {
    const certificate = selfSigned('registry')
    const secure = await TestRegistry.start(certificate)
    secure.images.set('team/worker:v1.1.0', digest)
    const image = `${secure.host}/team/worker:v1.1.0`
    try {
      expect(await look(image, { isPlain: () => false })).toMatchObject({
        result: 'not-asked',
        why: expect.stringMatching(/^has a certificate that is not trusted here \([A-Z_]+\)$/) as unknown,
      })
      expect(await look(image, { isPlain: () => false, ca: certificate.cert })).toEqual({
        result: 'found',
        digest,
      })
    } finally {
      await secure.close()
    }
  })

  it('follows a redirect, and tells the other server nothing of who asks', async () => {
    const elsewhere = await TestRegistry.start()
    elsewhere.images.set('team/worker:v1.1.0', digest)
    registry.guard = 'basic'
    registry.misbehaves = (request, response) =>
      request.headers.authorization !== undefined &&
      always(307, { location: `${elsewhere.url}/v2/team/worker/manifests/v1.1.0` })(request, response)
    try {
      expect(await look(worker(), { config: loggedIn })).toEqual({ result: 'found', digest })
      expect(elsewhere.asked).toMatchObject([{ method: 'HEAD', authorization: undefined }])
    } finally {
      await elsewhere.close()
    }
  })

  it('goes through the proxy of the environment', async () => {
    // What a proxy is sent is the whole address.
    const options = { isPlain: () => true, env: { HTTP_PROXY: registry.url } }
    const image = 'registry.example/team/worker:v1.1.0'
    expect(await look(image, options)).toEqual({ result: 'found', digest })
    expect(registry.asked).toMatchObject([
      { path: 'http://registry.example/v2/team/worker/manifests/v1.1.0' },
    ])
  })

  it('ends when the run is cancelled', async () => {
    registry.misbehaves = () => true
    const cancelled = new AbortController()
    const asking = look(worker(), {}, cancelled.signal)
    cancelled.abort(new Error('cancelled'))
    await expect(asking).rejects.toThrow('cancelled')
  })
})
