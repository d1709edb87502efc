import type { ServerResponse } from 'node:http'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { answer, ApiServer, configMap, eventually, selfSigned, status } from './api-server.fixture.ts'
import { RenewingIdentity, type Obtained } from './credentials.ts'
import { loadKubeconfig } from './kubeconfig.ts'
import { configMaps } from './resources.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'credentials-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** A credential plugin; each run is noted in the file `runs`. */
function plugin(script: string, config: object = {}) {
  const command = join(directory, 'login')
  writeFileSync(command, `#!/bin/sh\necho run >> ${directory}/runs\n${script}\n`)
  chmodSync(command, 0o755)
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, ...config } }
}

const runs = () => readFileSync(join(directory, 'runs'), 'utf8').split('\n').length - 1
const credential = (fields: object) =>
  JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: fields })

function load(user: object, options: { env?: Record<string, string>; now?: () => Date } = {}) {
  const authority = join(directory, 'ca.pem')
  writeFileSync(authority, 'CA')
  const content = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://api.example', 'certificate-authority': authority } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
  const env = { PATH: process.env.PATH, ...options.env }
  return loadKubeconfig({ content, env, ...(options.now && { clock: { now: options.now } }) })
}

describe('a credential plugin', () => {
  it('gives a token, once for all who ask', async () => {
    const credentials = load(plugin(`echo '${credential({ token: 'secret' })}'`))
    const identities = await Promise.all([
      credentials.current(),
      credentials.current(),
      credentials.current(),
    ])
    expect(identities.map(({ headers }) => headers)).toEqual(
      Array(3).fill({ authorization: 'Bearer secret' }),
    )
    await credentials.current()
    expect(runs()).toBe(1)
  })

  it('is told what it needs to know', async () => {
    const script = `printf %s "$KUBERNETES_EXEC_INFO" > ${directory}/info; printf %s "$1 $REGION $HOME" > ${directory}/seen
echo '${credential({ token: 't' })}'`
    const config = { args: ['get token'], env: [{ name: 'REGION', value: 'eu' }], provideClusterInfo: true }
    await load(plugin(script, config), { env: { HOME: '/home/me' } }).current()
    expect(readFileSync(join(directory, 'seen'), 'utf8')).toBe('get token eu /home/me')
    expect(JSON.parse(readFileSync(join(directory, 'info'), 'utf8'))).toMatchObject({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: {
          server: 'https://api.example',
          'certificate-authority-data': Buffer.from('CA').toString('base64'),
        },
      },
    })
  })

  it('gives a client certificate', async () => {
    const script = `echo '${credential({ clientCertificateData: 'CERT', clientKeyData: 'KEY' })}'`
    const credentials = load(plugin(script))
    const { tls } = await credentials.current()
    expect(tls).toMatchObject({ cert: 'CERT', key: 'KEY' })
    await credentials.renew()
    expect((await credentials.current()).tls).toBe(tls)
  })

  it('is asked again shortly before the token expires', async () => {
    let now = Date.parse('2025-01-01T00:00:00Z')
    const expirationTimestamp = '2025-01-01T00:15:00Z'
    const credentials = load(plugin(`echo '${credential({ token: 't', expirationTimestamp })}'`), {
      now: () => new Date(now),
    })
    await credentials.current()
    now = Date.parse('2025-01-01T00:13:59Z')
    await credentials.current()
    expect(runs()).toBe(1)
    now = Date.parse('2025-01-01T00:14:01Z')
    await credentials.current()
    expect(runs()).toBe(2)
  })

  it.each<[string, object, RegExp]>([
    [
      'missing',
      { exec: { apiVersion: 'v1', command: 'no-such-login', installHint: 'brew install it' } },
      /"no-such-login" of the kubeconfig is not installed here \(brew install it\)/,
    ],
    [
      'failing',
      { exec: { apiVersion: 'v1', command: 'sh', args: ['-c', 'echo session expired >&2; exit 3'] } },
      /failed \(exit code 3\): session expired/,
    ],
    [
      'printing something else',
      { exec: { apiVersion: 'v1', command: 'echo', args: ['hello'] } },
      /printed no ExecCredential/,
    ],
    [
      'printing nothing useful',
      { exec: { apiVersion: 'v1', command: 'echo', args: [credential({})] } },
      /printed no ExecCredential/,
    ],
  ])('that is %s is said', async (_, user, message) => {
    await expect(load(user).current()).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    })
  })

  it('is ended with the client', async () => {
    const life = new AbortController()
    const waiting = load(plugin(`echo $$ > ${directory}/pid; exec sleep 600`)).current(life.signal)
    const pid = await pidOfPlugin()
    life.abort(new Error('over'))
    await expect(waiting).rejects.toThrow('over')
    await eventually(() => !isAlive(pid))
  })
})

async function pidOfPlugin(): Promise<number> {
  const file = join(directory, 'pid')
  await eventually(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
  return Number(readFileSync(file, 'utf8'))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('an identity that expires', () => {
  const tls = { rejectUnauthorized: true }
  const obtained = (token: string, expiresAt?: number): Obtained => ({
    identity: { headers: { authorization: token }, tls },
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
  })

  function renewing(answers: (Obtained | Error)[], canRenew = true) {
    const time = { now: 0 }
    const log: string[] = []
    let asked = 0
    const obtain = () => {
      const next = answers[asked++]
      return next === undefined || next instanceof Error
        ? Promise.reject(next ?? new Error('asked too often'))
        : Promise.resolve(next)
    }
    const identity = new RenewingIdentity({ canRenew, obtain }, { now: () => new Date(time.now) }, (line) =>
      log.push(line),
    )
    return {
      identity,
      time,
      log,
      token: async () => (await identity.current()).headers.authorization,
      asked: () => asked,
    }
  }

  it('is kept for four fifths of a short life', async () => {
    const { token, time } = renewing([obtained('one', 10_000), obtained('two', 20_000)])
    expect(await token()).toBe('one')
    time.now = 7_999
    expect(await token()).toBe('one')
    time.now = 8_001
    expect(await token()).toBe('two')
  })

  it('is used on while it is good and a new one cannot be had', async () => {
    const { token, time, log, asked } = renewing([
      obtained('one', 100_000),
      new Error('login service is away'),
      new Error('still away'),
      obtained('two'),
    ])
    await token()
    time.now = 81_000
    expect(await token()).toBe('one')
    time.now = 82_000
    expect(await token()).toBe('one')
    expect(asked()).toBe(2)
    expect(log[0]).toContain('login service is away')
    time.now = 100_001
    await expect(token()).rejects.toThrow('still away')
    expect(await token()).toBe('two')
  })

  it('that was never had is an error, and is asked for again', async () => {
    const { token } = renewing([new Error('away'), obtained('one')])
    await expect(token()).rejects.toThrow('away')
    expect(await token()).toBe('one')
  })

  it('is renewed on demand, and says whether that gave another one', async () => {
    const { identity, token } = renewing([obtained('one'), obtained('one'), obtained('two')])
    await token()
    expect(await identity.renew()).toBe(false)
    expect(await identity.renew()).toBe(true)
    expect(await token()).toBe('two')
  })

  it('is not asked for again where there is no other', async () => {
    const { identity, asked } = renewing([obtained('one')], false)
    await identity.current()
    expect(await identity.renew()).toBe(false)
    expect(asked()).toBe(1)
  })
})

describe('a 401', () => {
  let server: ApiServer

  beforeEach(async () => {
    server = await ApiServer.start()
  })

  afterEach(async () => {
    await server.close()
  })

  const countingPlugin = () =>
    plugin(`n=$(wc -l < ${directory}/runs)\necho '${credential({ token: 'token-N' })}' | sed "s/N/$((n))/"`)

  const client = (user: object) =>
    server.client(
      {},
      server.kubeconfig({ user: { token: undefined, ...user } }).replace('"token":"first",', ''),
    )

  it('renews the credentials once, and the request is sent again', async () => {
    server.handler = ({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') answer(response, 201, configMap('a', '1'))
      else answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'))
    }
    const api = client(countingPlugin())
    await api.create(configMaps, 'team', { metadata: { name: 'a' } })
    await api.get(configMaps, 'team', 'a')
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-2',
    ])
    await api.close()
  })

  it('is final when it comes again', async () => {
    server.handler = (_, response) => answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'))
    const api = client(countingPlugin())
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({ status: 401 })
    expect(server.received).toHaveLength(2)
    await api.close()
  })

  it('says when the token expired', async () => {
    server.handler = (_, response) => response.writeHead(401).end()
    const claims = Buffer.from(JSON.stringify({ exp: 1_700_000_000 })).toString('base64url')
    const api = client({ token: `e30.${claims}.c2ln` })
    await expect(api.get(configMaps, 'team', 'a')).rejects.toMatchObject({
      fields: { tokenExpiresAt: new Date('2023-11-14T22:13:20Z'), hasTokenExpired: true },
    })
    await api.close()
  })

  it('does not keep a login alive beyond the client', async () => {
    const api = client(plugin(`echo $$ > ${directory}/pid; exec sleep 600`))
    const failed = expect(api.get(configMaps, 'team', 'a')).rejects.toThrow('the client has been closed')
    const pid = await pidOfPlugin()
    await api.close()
    await failed
    await eventually(() => !isAlive(pid))
  })

  it('that brings another client certificate brings new connections, and ends no watch', async () => {
    let watching: ServerResponse | undefined
    server.handler = ({ clientName, query }, response) => {
      if (query.has('watch')) {
        response.writeHead(200).write('before')
        watching = response
      } else if (clientName === 'first') answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'))
      else answer(response, 200, configMap('a', '1'))
    }
    for (const [at, name] of ['first', 'second'].entries()) {
      const { cert, key } = selfSigned(name)
      const text = credential({ clientCertificateData: cert, clientKeyData: key })
      writeFileSync(join(directory, `credential-${at + 1}`), text)
    }
    const api = client(plugin(`cat ${directory}/credential-$(($(wc -l < ${directory}/runs)))`))
    const watch = await api.openWatch(configMaps, 'team', {}, new AbortController().signal)
    const chunks = watch.chunks()[Symbol.asyncIterator]()
    const next = async () => Buffer.from((await chunks.next()).value as Uint8Array).toString()
    expect(await next()).toBe('before')
    await api.get(configMaps, 'team', 'a')
    expect(server.received.map(({ clientName }) => clientName)).toEqual(['first', 'first', 'second'])
    expect(server.connections).toBe(3)
    watching?.write('after')
    expect(await next()).toBe('after')
    await api.close()
    await expect(next()).rejects.toMatchObject({ name: 'TransportError' })
  })
})
