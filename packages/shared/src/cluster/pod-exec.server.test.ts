// Programs in a real container, through a real API server and kubelet.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from './api.ts'
import { textDigest } from './configuration/content-digest.ts'
import { KubernetesCluster } from './kubernetes-cluster.ts'
import { createToken, RealCluster, serviceAccounts } from './real-cluster.fixture.ts'
import { configMaps, pods } from './resources.ts'

const real = new RealCluster(process.env)
const { namespace } = real
let api: KubernetesApi

beforeAll(async () => {
  api = await real.start()
  const folder = join(real.images, 'sleeping', 'v1')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'image.json'),
    JSON.stringify({ Entrypoint: ['/bin/sh', '-c', 'exec sleep 1000'], WorkingDir: '' }),
  )
  const data = { KAFKA_BROKERS: 'kafka:9092', KAFKA_JAAS: 'a="b";\nKAFKA_FAKE=no' }
  await api.create(configMaps, namespace, { metadata: { name: 'settings' }, data })
  const files = { 'app.yaml': 'level: "ä"\n', secret: 'of nobody' }
  await api.create(configMaps, namespace, { metadata: { name: 'files' }, data: files })
  await api.create(pods, namespace, {
    metadata: { name: 'sleeping' },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: [
        { name: 'plain', configMap: { name: 'files' } },
        { name: 'projected', projected: { sources: [{ configMap: { name: 'files' } }] } },
      ],
      containers: [
        {
          name: 'main',
          image: 'registry.local/sleeping:v1',
          envFrom: [{ configMapRef: { name: 'settings' } }],
          volumeMounts: [
            { name: 'plain', mountPath: '/tmp/plain' },
            { name: 'projected', mountPath: '/tmp/projected' },
            { name: 'plain', mountPath: '/tmp/one.yaml', subPath: 'app.yaml' },
            { name: 'plain', mountPath: '/tmp/gone.yaml', subPath: 'gone.yaml' },
          ],
        },
      ],
    },
  })
  await real.isReady('sleeping')
})

afterAll(() => real.stop())

describe('podExec', () => {
  const run = (...command: string[]) => api.podExec(namespace, 'sleeping', 'main', command)

  it('returns what a program wrote, and how it ended', async () => {
    expect(await run('sh', '-c', 'echo out; echo err >&2')).toEqual({
      exitCode: 0,
      stdout: 'out\n',
      stderr: 'err\n',
      problem: '',
    })
    expect(await run('sh', '-c', 'exit 7')).toMatchObject({ exitCode: 7 })
  })

  it('says which program is not there', async () => {
    const end = await run('no-such-program')
    expect(end.exitCode).not.toBe(0)
    expect(end.problem).not.toBe('')
  })

  it('returns much of it whole, and refuses more than it may be', async () => {
    const end = await run('sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x')
    expect(end.stdout).toHaveLength(300_000)
    await expect(
      api.podExec(namespace, 'sleeping', 'main', ['sh', '-c', 'head -c 3000 /dev/zero'], { maxBytes: 1000 }),
    ).rejects.toThrow('more than 1000 bytes')
  })

  it('ends with its time, and with its signal', async () => {
    const command = ['sleep', '100']
    await expect(
      api.podExec(namespace, 'sleeping', 'main', command, { timeoutMs: 500 }),
    ).rejects.toMatchObject({ fields: { code: 'TIMEOUT' } })
    const stop = new AbortController()
    const running = api.podExec(namespace, 'sleeping', 'main', command, { signal: stop.signal })
    stop.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
  })

  it('tells what the API server refuses: a container, a pod, a permission', async () => {
    await expect(api.podExec(namespace, 'sleeping', 'other', ['env'])).rejects.toThrow(/other/)
    await expect(api.podExec(namespace, 'absent', 'main', ['env'])).rejects.toMatchObject({
      isNotFound: true,
    })
    await api.create(serviceAccounts, namespace, { metadata: { name: 'nobody' } })
    const nobody = real.client({}, { token: await createToken(real, 'nobody') })
    await expect(nobody.podExec(namespace, 'sleeping', 'main', ['env'])).rejects.toMatchObject({
      isForbidden: true,
    })
    await nobody.close()
  })
})

describe('environment', () => {
  it('has the digest of every value, also of one with several lines, and no value', async () => {
    const found = await new KubernetesCluster(api, namespace).environment(
      'sleeping',
      'main',
      AbortSignal.timeout(10_000),
    )
    expect(found.get('KAFKA_BROKERS')).toBe(textDigest('kafka:9092'))
    expect(found.get('KAFKA_JAAS')).toBe(textDigest('a="b";\nKAFKA_FAKE=no'))
    expect(found.has('KAFKA_FAKE')).toBe(false)
    expect(JSON.stringify([...found])).not.toContain('kafka:9092')
  })
})

describe('file', () => {
  const read = (path: string, container = 'main') =>
    new KubernetesCluster(api, namespace).file('sleeping', container, path, AbortSignal.timeout(10_000))

  it.each(['/tmp/plain/app.yaml', '/tmp/projected/app.yaml', '/tmp/one.yaml'])(
    'has the digest of what %s says, and nothing of it',
    async (path) => {
      const found = await read(path)
      expect(found).toEqual({ is: 'file', digest: textDigest('level: "ä"\n') })
    },
  )

  it('knows that there is none, also where a folder stands for a key that is gone', async () => {
    expect(await read('/tmp/plain/old.yaml')).toEqual({ is: 'absent' })
    expect(await read('/tmp/gone.yaml')).toEqual({ is: 'absent' })
  })
})
