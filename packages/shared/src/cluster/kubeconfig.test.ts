import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { loadKubeconfig, type KubeconfigOptions } from './kubeconfig.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

const load = (options: Partial<KubeconfigOptions>) => loadKubeconfig({ env: {}, ...options })

interface Parts {
  name?: string
  server?: string
  user?: object
  cluster?: object
}

/** A kubeconfig with one context; `name` distinguishes files that are merged. */
function kubeconfig({
  name = 'prod',
  server = 'https://api.example:6443',
  user = { token: 't' },
  cluster = {},
}: Parts = {}) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, ...cluster } }],
    users: [{ name: `${name}-user`, user }],
    contexts: [{ name, context: { cluster: name, user: `${name}-user`, namespace: 'ignored' } }],
    'current-context': name,
  })
}

function file(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

const headers = async (content: string) => (await load({ content }).current()).headers

describe('which kubeconfig', () => {
  it('is the one given, with its current context', () => {
    const credentials = load({ content: kubeconfig(), env: { KUBECONFIG: '/nowhere' } })
    expect(credentials).toMatchObject({ context: 'prod', user: 'prod-user', proxyUrl: undefined })
    expect(credentials.server.href).toBe('https://api.example:6443/')
  })

  it('is the file given', () => {
    expect(load({ path: file('config', kubeconfig()) }).context).toBe('prod')
  })

  it('is what KUBECONFIG lists, merged: the first of a name counts, missing files do not', () => {
    const one = file('one', kubeconfig({ name: 'one', server: 'https://one' }))
    const other = file('two', kubeconfig({ name: 'two', server: 'https://two' }))
    const again = file('again', kubeconfig({ name: 'one', server: 'https://again' }))
    const env = { KUBECONFIG: [join(directory, 'missing'), one, other, again].join(':') }
    expect(load({ env }).server.href).toBe('https://one/')
    expect(load({ env, context: 'two' }).server.href).toBe('https://two/')
  })

  it('may name something twice in one file: the first counts', () => {
    const cluster = (server: string) => `{ name: c, cluster: { server: 'https://${server}' } }`
    const content = `clusters: [${cluster('one')}, ${cluster('two')}]
users: [{ name: u, user: {} }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x`
    expect(load({ content }).server.host).toBe('one')
  })

  it('is ~/.kube/config', () => {
    mkdirSync(join(directory, '.kube'))
    file('.kube/config', kubeconfig())
    expect(load({ env: { HOME: directory } }).context).toBe('prod')
  })
})

describe('what is wrong with a kubeconfig is said', () => {
  it.each<[string, Partial<KubeconfigOptions>, RegExp]>([
    ['nothing found', {}, /There is no kubeconfig: none was given/],
    [
      'no such file',
      { path: '/nowhere/config' },
      /The kubeconfig \/nowhere\/config cannot be read: .*ENOENT/,
    ],
    ['not YAML', { content: 'a: [' }, /The given kubeconfig is not a kubeconfig: it is not YAML/],
    ['not a mapping', { content: 'production' }, /it holds no mapping/],
    ['base64', { content: Buffer.from(kubeconfig()).toString('base64') }, /it is base64/],
    ['wrong shape', { content: 'clusters: {}' }, /not a kubeconfig: clusters: /],
    [
      'no current context',
      { content: kubeconfig().replace('current-context', 'x') },
      /has no current-context/,
    ],
    ['no such context', { content: kubeconfig(), context: 'staging' }, /has no context "staging"/],
    [
      'no such cluster',
      { content: kubeconfig().replace('"cluster":"prod"', '"cluster":"x"') },
      /has no cluster "x", which its context "prod" names/,
    ],
    [
      'no such user',
      { content: kubeconfig().replace('"user":"prod-user"', '"user":"x"') },
      /has no user "x"/,
    ],
    [
      'no URL',
      { content: kubeconfig({ server: 'api.example' }) },
      /The server of context "prod" is no URL: api.example/,
    ],
    [
      'insecure',
      { content: kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } }) },
      /does not verify the server/,
    ],
    ['plain http', { content: kubeconfig({ server: 'http://api' }) }, /plain http/],
    [
      'no CA file',
      { content: kubeconfig({ cluster: { 'certificate-authority': '/nowhere/ca' } }) },
      /certificate authority that the kubeconfig names cannot be read/,
    ],
    [
      'no certificate file',
      { content: kubeconfig({ user: { 'client-certificate': '/nowhere/c' } }) },
      /client certificate that/,
    ],
    ['no key file', { content: kubeconfig({ user: { 'client-key': '/nowhere/k' } }) }, /client key that/],
    ['no token file', { content: kubeconfig({ user: { tokenFile: '/nowhere/t' } }) }, /token file that/],
  ])('%s', (_, options, message) => {
    expect(() => load(options)).toThrow(message)
    expect(() => load(options)).toThrow(
      expect.objectContaining({ name: 'UserError', next: expect.stringMatching(/\S/) }),
    )
  })

  it('without repeating what may be a secret', () => {
    const content = 'users:\n- name: u\n  user: {token: secret-token\n'
    const error = (() => {
      try {
        return load({ content })
      } catch (reason) {
        return reason as Error
      }
    })() as Error
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain('secret-token')
  })

  it('but what is accepted explicitly is accepted', async () => {
    const content = kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } })
    const { tls } = await load({ content, allowInsecureTls: true }).current()
    expect(tls.rejectUnauthorized).toBe(false)
  })
})

describe('how the user proves who it is', () => {
  it.each<[string, object, object]>([
    ['a token', { token: 'abc\n' }, { authorization: 'Bearer abc' }],
    [
      'basic auth',
      { username: 'me', password: 'p:w' },
      { authorization: `Basic ${Buffer.from('me:p:w').toString('base64')}` },
    ],
    ['nothing', {}, {}],
    [
      'impersonation',
      { token: 't', as: 'jane', 'as-uid': '7', 'as-groups': ['a', 'b'] },
      {
        authorization: 'Bearer t',
        'impersonate-user': 'jane',
        'impersonate-uid': '7',
        'impersonate-group': ['a', 'b'],
      },
    ],
  ])('with %s', async (_, user, expected) => {
    expect(await headers(kubeconfig({ user }))).toEqual(expected)
  })

  it('with certificates, from data before files', async () => {
    const data = (text: string) => Buffer.from(text).toString('base64')
    const user = {
      'client-certificate-data': data('cert'),
      'client-key': file('key', 'key'),
      'client-certificate': '/nowhere',
    }
    const cluster = { 'certificate-authority-data': data('ca'), 'tls-server-name': 'api.internal' }
    const { tls } = await load({ content: kubeconfig({ user, cluster }) }).current()
    expect({ ...tls, ca: String(tls.ca), cert: String(tls.cert), key: String(tls.key) }).toEqual({
      ca: 'ca',
      cert: 'cert',
      key: 'key',
      servername: 'api.internal',
      rejectUnauthorized: true,
    })
  })

  it('with files beside the kubeconfig', async () => {
    file('token', 'from-file\n')
    const path = file('config', kubeconfig({ user: { tokenFile: 'token' } }))
    expect((await load({ path }).current()).headers).toEqual({ authorization: 'Bearer from-file' })
  })

  it('with a token file that is read again when it has been replaced', async () => {
    const tokenFile = file('token', 'first')
    const time = { now: 0 }
    const credentials = load({
      content: kubeconfig({ user: { tokenFile } }),
      clock: { now: () => new Date(time.now) },
    })
    const token = async () => (await credentials.current()).headers.authorization
    expect(await token()).toBe('Bearer first')
    writeFileSync(tokenFile, 'second')
    expect(await token()).toBe('Bearer first')
    time.now += 61_000
    expect(await token()).toBe('Bearer second')
    writeFileSync(tokenFile, 'third')
    expect(await credentials.renew()).toBe(true)
    expect(await token()).toBe('Bearer third')
    expect(await credentials.renew()).toBe(false)
    rmSync(tokenFile)
    time.now += 61_000
    expect(await token()).toBe('Bearer third')
  })

  it('with an auth provider that client-node knows', async () => {
    const claims = Buffer.from(JSON.stringify({ exp: 4_000_000_000 })).toString('base64url')
    const token = `${Buffer.from('{}').toString('base64url')}.${claims}.c2ln`
    const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': token, 'client-id': 'x' } } }
    expect(await headers(kubeconfig({ user }))).toEqual({ authorization: `Bearer ${token}` })
  })

  it('not with an auth provider that gives nothing', async () => {
    const user = { 'auth-provider': { name: 'oidc', config: {} } }
    await expect(headers(kubeconfig({ user }))).rejects.toThrow(
      'The auth-provider oidc of the kubeconfig gives no token',
    )
  })
})
