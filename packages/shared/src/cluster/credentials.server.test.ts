// Tokens that end while the client works, as the kubeconfigs of clouds have them.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from './api.ts'
import { eventually } from './api-server.fixture.ts'
import { delay, everyTime, FaultProxy, isRead, once } from './fault-proxy.fixture.ts'
import { RealCluster, roleBindings, roles, serviceAccounts } from './real-cluster.fixture.ts'
import { configMaps } from './resources.ts'

const cluster = new RealCluster(process.env)
const { namespace } = cluster
const account = 'short-lived'
const directory = mkdtempSync(join(tmpdir(), 'tokens-'))
let direct: KubernetesApi
let uid: string

beforeAll(async () => {
  direct = await cluster.start()
  const { metadata } = await direct.create(serviceAccounts, namespace, { metadata: { name: account } })
  uid = metadata?.uid ?? ''
  await direct.create(roles, namespace, {
    metadata: { name: account },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'create'] }],
  })
  await direct.create(roleBindings, namespace, {
    metadata: { name: account },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  })
})

afterAll(async () => {
  await cluster.stop()
  rmSync(directory, { recursive: true })
})

interface Credential {
  readonly token: string
  readonly expirationTimestamp: string
}

/** A token that the API server accepts for so many seconds. */
async function token(seconds: number): Promise<Credential> {
  const { command, args } = cluster.tokenCommand(account, uid, seconds)
  const { stdout } = await promisify(execFile)(command, args)
  return (JSON.parse(stdout) as { status: Credential }).status
}

/** One that has ended, without the API server having seen it before: it would believe it for ten seconds more. */
async function endedToken(): Promise<string> {
  const { token: ended, expirationTimestamp } = await token(1)
  // The time is told in whole seconds.
  await eventually(() => Date.now() > Date.parse(expirationTimestamp) + 1_000)
  return ended
}

describe('a token that ends', () => {
  it('is renewed by its plugin before that: none is refused', async () => {
    const runs = join(directory, 'runs')
    const { command, args } = cluster.tokenCommand(account, uid, 3)
    const script = `echo >> ${runs} && exec ${[command, ...args].join(' ')}`
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] }
    writeFileSync(runs, '')
    const proxy = await FaultProxy.open(cluster.upstream)
    proxy.inject(delay(50), everyTime, isRead)
    const api = cluster.clientThrough(proxy, {}, { exec })
    while (readFileSync(runs, 'utf8').length < 4) await api.list(configMaps, namespace)
    expect(new Set(proxy.received.map(({ headers }) => headers.authorization)).size).toBeGreaterThanOrEqual(3)
    expect(proxy.answers.filter(({ status }) => status !== 200)).toEqual([])
    await api.close()
    await proxy.close()
  })

  it.each<[string, (api: KubernetesApi) => Promise<unknown>]>([
    ['read', (api) => api.list(configMaps, namespace)],
    ['write', (api) => api.create(configMaps, namespace, { metadata: { name: 'once' } })],
  ])('and whose end nobody tells is refused, and read anew from its file: a %s', async (_, request) => {
    const tokenFile = join(directory, 'token')
    const [ended, fresh] = await Promise.all([endedToken(), token(600)])
    writeFileSync(tokenFile, ended)
    const proxy = await FaultProxy.open(cluster.upstream)
    proxy.inject(delay(300), once, () => true)
    const api = cluster.clientThrough(proxy, {}, { tokenFile })
    const requesting = request(api)
    await eventually(() => proxy.received.length === 1)
    writeFileSync(tokenFile, fresh.token)
    await requesting
    expect(proxy.answers.map(({ status }) => Math.floor(status / 100))).toEqual([4, 2])
    await api.close()
    await proxy.close()
  })

  it('and cannot be renewed is named', async () => {
    const expired = cluster.client({}, { token: await endedToken() })
    await expect(expired.list(configMaps, namespace)).rejects.toMatchObject({
      status: 401,
      fields: { tokenExpiresAt: expect.any(Date), hasTokenExpired: true },
    })
    await expired.close()
  })
})
