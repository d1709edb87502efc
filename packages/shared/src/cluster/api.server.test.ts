import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1Secret } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from './api.ts'
import type { ApiError } from './api-error.ts'
import { explain } from './explain.ts'
import { createToken, roleBindings, roles, RealCluster, serviceAccounts } from './real-cluster.fixture.ts'
import { configMaps, deployments, pods, secrets, type Resource } from './resources.ts'

const cluster = new RealCluster(process.env)
const { namespace } = cluster
let api: KubernetesApi

beforeAll(async () => {
  api = await cluster.start()
})

afterAll(() => cluster.stop())

const unique = (prefix: string) => `${prefix}-${randomBytes(4).toString('hex')}`
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as ApiError,
  )

describe('objects', () => {
  it('are created, read, changed and deleted', async () => {
    const name = unique('a')
    expect(await api.find(configMaps, namespace, name)).toBeUndefined()
    const created = await api.create(configMaps, namespace, { metadata: { name }, data: { a: '1', b: '1' } })
    expect(created.metadata?.managedFields?.[0]?.manager).toBe('tester')
    expect(typeof created.metadata?.creationTimestamp).toBe('string')

    const replaced = await api.replace(configMaps, namespace, name, { ...created, data: { a: '2' } })
    expect((await api.get(configMaps, namespace, name)).data).toEqual({ a: '2' })
    expect(await failure(api.replace(configMaps, namespace, name, created))).toMatchObject({
      isConflict: true,
      isAlreadyExists: false,
    })

    await api.patch(configMaps, namespace, name, { data: { b: '3' } }, 'merge')
    await api.patch(configMaps, namespace, name, { data: { c: '4' } }, 'strategic')
    await api.patch(configMaps, namespace, name, [{ op: 'replace', path: '/data/a', value: '5' }], 'json')
    expect((await api.get(configMaps, namespace, name)).data).toEqual({ a: '5', b: '3', c: '4' })
    const { resourceVersion } = replaced.metadata ?? {}
    const stale = { metadata: { resourceVersion }, data: { a: '9' } }
    expect(await failure(api.patch(configMaps, namespace, name, stale, 'merge'))).toMatchObject({
      isConflict: true,
    })
    const staleTest = [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'remove', path: '/data/a' },
    ]
    expect(await failure(api.patch(configMaps, namespace, name, staleTest, 'json'))).toMatchObject({
      status: 422,
    })

    expect(await failure(api.create(configMaps, namespace, { metadata: { name } }))).toMatchObject({
      isAlreadyExists: true,
    })

    expect(await failure(api.delete(configMaps, namespace, name, { uid: 'another' }))).toMatchObject({
      isConflict: true,
    })
    await api.delete(configMaps, namespace, name, { uid: created.metadata?.uid })
    expect(await failure(api.delete(configMaps, namespace, name))).toMatchObject({ isNotFound: true })
  })

  it('stay as they are in a dry run', async () => {
    const name = unique('dry')
    const careful = cluster.client({ dryRun: true })
    const { metadata } = await api.create(configMaps, namespace, { metadata: { name }, data: { a: '1' } })
    const change = { metadata: { name }, data: { a: '2' } }
    expect(
      (await careful.create(configMaps, namespace, { metadata: { name: `${name}-2` } })).metadata?.name,
    ).toBe(`${name}-2`)
    expect((await careful.replace(configMaps, namespace, name, change)).data).toEqual({ a: '2' })
    expect((await careful.patch(configMaps, namespace, name, change, 'merge')).data).toEqual({ a: '2' })
    expect((await careful.apply(configMaps, namespace, name, change, { force: true })).data).toEqual({
      a: '2',
    })
    await careful.delete(configMaps, namespace, name)
    expect((await api.get(configMaps, namespace, name)).metadata?.resourceVersion).toBe(
      metadata?.resourceVersion,
    )
    expect(await api.find(configMaps, namespace, `${name}-2`)).toBeUndefined()
    expect(await failure(careful.patch(deployments, namespace, name, {}, 'merge'))).toMatchObject({
      isNotFound: true,
    })
    await careful.close()
  })

  it('are listed in pages, with a version to go on from', async () => {
    const label = unique('page')
    const names = Array.from({ length: 12 }, (_, at) => `${label}-${String(at).padStart(2, '0')}`)
    for (const name of names)
      await api.create(configMaps, namespace, { metadata: { name, labels: { label } } })
    const { items, resourceVersion } = await api.list(configMaps, namespace, {
      labelSelector: `label=${label}`,
      pageSize: 5,
    })
    expect(items.map((item) => item.metadata?.name)).toEqual(names)
    expect(resourceVersion).toMatch(/^\d+$/)
    const some = await api.list(configMaps, namespace, { fieldSelector: `metadata.name=${names[3]}` })
    expect(some.items).toHaveLength(1)
  })

  it('that are Secrets never come with their values', async () => {
    const name = unique('secret')
    const whole: Resource<V1Secret> = { ...secrets, metadataOnly: undefined as never }
    await api.create(whole, namespace, { metadata: { name }, stringData: { password: 'hunter2' } })
    expect((await api.get(whole, namespace, name)).data).toEqual({
      password: Buffer.from('hunter2').toString('base64'),
    })
    const [one, all] = [await api.get(secrets, namespace, name), await api.list(secrets, namespace)]
    expect(one.metadata?.name).toBe(name)
    expect(JSON.stringify([one, all])).not.toContain('"data"')
  })
})

describe('server-side apply', () => {
  it('names the owners of conflicting fields, and takes them by force', async () => {
    const name = unique('owned')
    const other = cluster.client({ fieldManager: 'argocd-controller' })
    await other.apply(configMaps, namespace, name, { data: { a: '1' } })
    const conflict = await failure(api.apply(configMaps, namespace, name, { data: { a: '2' } }))
    expect(conflict).toMatchObject({ isConflict: true })
    expect(explain(conflict).message).toBe(
      `ConfigMap "${name}" in namespace "${namespace}" has other owners: .data.a belongs to argocd-controller`,
    )
    const forced = await api.apply(configMaps, namespace, name, { data: { a: '2' } }, { force: true })
    const again = await api.apply(configMaps, namespace, name, { data: { a: '2' } })
    expect(again.metadata?.resourceVersion).toBe(forced.metadata?.resourceVersion)
    await other.close()
  })
})

describe('permissions', () => {
  const account = unique('deployer')
  let limited: KubernetesApi

  beforeAll(async () => {
    await api.create(serviceAccounts, namespace, { metadata: { name: account } })
    await api.create(roles, namespace, {
      metadata: { name: account },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }],
    })
    await api.create(roleBindings, namespace, {
      metadata: { name: account },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    })
    limited = cluster.client({}, { token: await createToken(cluster, account) })
  })

  afterAll(() => limited.close())

  it('that are missing are named, with the rule to add', async () => {
    await limited.list(configMaps, namespace)
    const refused = await failure(
      limited.patch(deployments, namespace, 'web', { spec: { paused: true } }, 'merge'),
    )
    expect(explain(refused)).toMatchObject({
      message: `system:serviceaccount:${namespace}:${account} may not patch deployments (apps) in namespace "${namespace}"`,
      next: expect.stringContaining('{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] }'),
    })
    const log = await failure(limited.logs(namespace, 'web-1'))
    expect(explain(log).message).toContain(`may not get pods/log in namespace "${namespace}"`)
    const elsewhere = await failure(limited.list(configMaps, 'default'))
    expect(explain(elsewhere).message).toContain('may not list configmaps in namespace "default"')
    const everywhere = await failure(limited.list(pods, undefined))
    expect(explain(everywhere).message).toContain('may not list pods in the whole cluster')
  })

  it('can be asked for', async () => {
    const answers = [
      await limited.canI('list', configMaps, namespace),
      await limited.canI('patch', configMaps, namespace),
      await limited.canI('get', pods, namespace, { subresource: 'log' }),
      await api.canI('get', pods, namespace, { subresource: 'log' }),
    ]
    expect(answers).toEqual([true, false, false, true])
  })

  it('end with the account: 401, and when the token would have ended', async () => {
    // An account of this name is there, but not the one that the token is of.
    const { command, args } = cluster.tokenCommand(account, 'a-uid-that-is-gone', 600)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, args }
    const gone = cluster.client({}, { exec })
    const refused = await failure(gone.list(configMaps, namespace))
    expect(refused).toMatchObject({
      status: 401,
      fields: { tokenExpiresAt: expect.any(Date), hasTokenExpired: false },
    })
    expect(explain(refused).message).toContain(
      'refused the credentials of "user" (401), although their token is good until',
    )
    await gone.close()
  })

  it('come back with renewed credentials', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'login-'))
    const token = await createToken(cluster, account)
    const credential = (value: string) => JSON.stringify({ kind: 'ExecCredential', status: { token: value } })
    writeFileSync(join(directory, '1'), credential('expired'))
    writeFileSync(join(directory, '2'), credential(token))
    const command = join(directory, 'login')
    writeFileSync(command, `#!/bin/sh\ncd ${directory} && echo >> runs && cat $(wc -l < runs)\n`)
    chmodSync(command, 0o755)
    const renewing = cluster.client({}, { exec: { apiVersion: 'client.authentication.k8s.io/v1', command } })
    await renewing.list(configMaps, namespace)
    expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe('\n\n')
    await renewing.close()
    rmSync(directory, { recursive: true })
  })

  it('are refused to no one in particular', async () => {
    const nobody = cluster.client({}, {})
    expect(await failure(nobody.list(configMaps, namespace))).toMatchObject({ status: 401 })
    await nobody.close()
  })
})

describe('pods', () => {
  const name = unique('echo')

  /** Says what it is asked for: /health, /missing, /broken, /hangs, /json. */
  const program = `
    const http = require('node:http')
    console.log('listening')
    process.on('SIGTERM', () => process.exit(0))
    http.createServer((request, response) => {
      if (request.url === '/hangs') return
      const code = { '/missing': 404, '/broken': 503 }[request.url] ?? 200
      if (request.url === '/json') response.setHeader('content-type', 'application/json')
      response.writeHead(code).end(request.url)
    }).listen(8000, process.env.POD_IP)`

  beforeAll(async () => {
    const image = join(cluster.images, name, 'v1')
    mkdirSync(image, { recursive: true })
    writeFileSync(
      join(image, 'image.json'),
      JSON.stringify({ Entrypoint: [process.execPath, 'service.js'], WorkingDir: '' }),
    )
    writeFileSync(join(image, 'service.js'), program)
    const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
    const readinessProbe = { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1 }
    await api.create(pods, namespace, {
      metadata: { name },
      spec: { containers: [{ name: 'app', image: `registry.local/${name}:v1`, env, readinessProbe }] },
    })
    await cluster.isReady(name)
  })

  it('have logs', async () => {
    expect(await api.logs(namespace, name, { container: 'app', tailLines: 5 })).toBe('listening\n')
    expect(await api.logs(namespace, name, { timestamps: true })).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z listening\n$/,
    )
    expect(await failure(api.logs(namespace, name, { previous: true }))).toMatchObject({ status: 400 })
    expect(await failure(api.logs(namespace, name, { container: 'nope' }))).toMatchObject({ status: 400 })
    expect(await failure(api.logs(namespace, 'nope'))).toMatchObject({ isNotFound: true })
  })

  it.each([
    ['/health?verbose=1', 200, undefined],
    ['/json', 200, 'application/json'],
    ['/missing', 404, undefined],
    ['/broken', 503, undefined],
  ])('answer %s through the API server', async (path, code, contentType) => {
    expect(await api.podGet(namespace, name, 8000, path)).toEqual({
      status: code,
      contentType,
      body: path,
      truncated: false,
    })
  })

  it('that give no answer are told apart', async () => {
    const closed = await failure(api.podGet(namespace, name, 8001, '/health'))
    expect(closed).toMatchObject({
      name: 'PodUnreachable',
      port: 8001,
      message: expect.stringContaining('connection refused'),
    })
    const hanging = await failure(api.podGet(namespace, name, 8000, '/hangs', { timeoutMs: 500 }))
    expect(hanging).toMatchObject({
      name: 'PodUnreachable',
      message: expect.stringContaining('silence for 0.5 s'),
    })
    expect(await failure(api.podGet(namespace, 'nope', 8000, '/health'))).toMatchObject({
      name: 'ApiError',
      isNotFound: true,
    })
  })
})

describe('the server', () => {
  it('says its version', async () => {
    expect(await api.version()).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\./) })
  })

  it('does not know every group', async () => {
    const unknown: Resource<object> = { ...configMaps, group: 'nobody.example', plural: 'nothings' }
    const error = await failure(api.list(unknown, namespace))
    expect(explain(error).message).toMatch(/does not (serve|know) \/apis\/nobody.example/)
  })
})
