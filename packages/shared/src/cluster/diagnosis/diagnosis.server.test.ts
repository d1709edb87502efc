// What a real kubelet, scheduler and controller say of pods that do not come up, read and told by a diagnosis.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V1ResourceQuota } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Diagnosis } from '../../record/diagnosis.ts'
import type { KubernetesApi } from '../api.ts'
import { splitPods, type ComponentState, type Container } from '../component.ts'
import { KubernetesCluster } from '../kubernetes-cluster.ts'
import { RealCluster } from '../real-cluster.fixture.ts'
import { deployments, type Resource } from '../resources.ts'
import { collectEvidence } from './collect-evidence.ts'
import { diagnose } from './diagnose.ts'

const real = new RealCluster(process.env)
const { namespace } = real
const limitMs = 90_000
const resourceQuotas: Resource<V1ResourceQuota> = {
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
}
let api: KubernetesApi
let cluster: KubernetesCluster

beforeAll(async () => {
  api = await real.start()
  cluster = new KubernetesCluster(api, namespace)
  image(
    'crashing',
    "console.log('INFO starts'); console.error('missing environment variable ONELAKE_URL'); process.exit(1)",
  )
  image(
    'unready',
    "require('node:http').createServer((_, r) => { r.statusCode = 503; r.end() }).listen(8000, process.env.POD_IP)",
  )
})

afterAll(() => real.stop())

function image(name: string, program: string): void {
  const folder = join(real.images, name, 'v1')
  mkdirSync(folder, { recursive: true })
  const entry = { Entrypoint: [process.execPath, 'service.cjs'], WorkingDir: '' }
  writeFileSync(join(folder, 'image.json'), JSON.stringify(entry))
  writeFileSync(join(folder, 'service.cjs'), program)
}

/** Makes a Deployment of one pod, waits until it shows its trouble, and diagnoses it. */
async function diagnosed(
  name: string,
  container: Partial<Container>,
  shows: (state: ComponentState) => boolean | Promise<boolean>,
): Promise<Diagnosis> {
  const labels = { app: name }
  const podIp = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }
  await api.create(deployments, namespace, {
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'app', image: `registry.local/${name}:v1`, env: [podIp], ...container }],
        },
      },
    },
  })
  const signal = AbortSignal.timeout(limitMs)
  const watch = await cluster.watch(signal)
  try {
    for (;;) {
      const component = watch.state(name)
      if (component !== undefined && (await shows(component))) {
        const failed = { component, signals: [], reason: 'stuck', before: undefined }
        const evidence = await collectEvidence(cluster, failed, signal)
        expect(evidence.missing).toEqual([])
        return diagnose(evidence)
      }
      // Events are not watched: they are asked for once more when nothing else happens.
      await watch.next(new Date(Date.now() + 1_000), signal)
    }
  } finally {
    watch.close()
  }
}

const waitsFor =
  (...reasons: string[]) =>
  (state: ComponentState): boolean =>
    splitPods(state).current.some((pod) =>
      pod.status?.containerStatuses?.some((status) => reasons.includes(status.state?.waiting?.reason ?? '')),
    )

describe('a real cluster’s trouble', () => {
  it('an image that is not there', async () => {
    const { kind, sentence, advice } = await diagnosed(
      'nowhere',
      {},
      waitsFor('ErrImagePull', 'ImagePullBackOff'),
    )
    expect(kind).toBe('image-not-found')
    expect(sentence).toMatch(
      /^Pod nowhere-\S+: its image cannot be pulled: registry\.local\/nowhere:v1 is not in the registry\.$/,
    )
    expect(advice).toContain('docker pull registry.local/nowhere:v1')
  })

  it('a crash, with the last words of its log', async () => {
    const { kind, sentence, evidence } = await diagnosed('crashing', {}, waitsFor('CrashLoopBackOff'))
    expect(kind).toBe('missing-environment-variable')
    expect(sentence).toMatch(
      /the environment variable ONELAKE_URL is missing \(exit code 1, restarted \d+ times\)/,
    )
    expect(evidence.join('\n')).toMatch(/crashing-\S+: BackOff.*: Back-off restarting failed container/)
    // It may have started again meanwhile: then it is the run before that speaks.
    expect(evidence.join('\n')).toMatch(/crashing-\S+\/app(?:, the run before)? \| INFO starts/)
  })

  it('a ConfigMap that is not there', async () => {
    const envFrom = [{ configMapRef: { name: 'no-such-config' } }]
    const container = { image: 'registry.local/crashing:v1', envFrom }
    const { kind, sentence } = await diagnosed(
      'unconfigured',
      container,
      waitsFor('CreateContainerConfigError'),
    )
    expect({ kind, sentence: sentence.replace(/unconfigured-\S+:/, 'x:') }).toEqual({
      kind: 'container-config',
      sentence: 'Pod x: its container cannot be configured: ConfigMap "no-such-config" does not exist.',
    })
  })

  it('a pod that is never ready', async () => {
    const readinessProbe = { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1 }
    const has503 = async (state: ComponentState): Promise<boolean> => {
      const [pod] = splitPods(state).current
      if (pod?.metadata?.name === undefined) return false
      const events = await cluster.events(
        { kind: 'Pod', name: pod.metadata.name },
        AbortSignal.timeout(limitMs),
      )
      return events.some(({ message }) => message.includes('statuscode: 503'))
    }
    const { kind, sentence } = await diagnosed('unready', { readinessProbe }, has503)
    expect(kind).toBe('readiness-probe')
    expect(sentence).toMatch(
      /it runs but is not ready: its readiness probe failed.*: HTTP probe failed with statuscode: 503\.$/,
    )
  })

  it('more than any node has', async () => {
    const resources = { requests: { cpu: '5000' } }
    const { kind, sentence } = await diagnosed('huge', { resources }, (state) =>
      splitPods(state).current.some((pod) =>
        pod.status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
      ),
    )
    expect(kind).toBe('unschedulable')
    expect(sentence).toMatch(
      /no node has room for it: there is not enough cpu: "0\/1 nodes are available: 1 Insufficient cpu\./,
    )
  })

  it('a quota that is used up', async () => {
    const quota = await api.create(resourceQuotas, namespace, {
      metadata: { name: 'full' },
      spec: { hard: { pods: '0' } },
    })
    expect(quota.metadata?.name).toBe('full')
    const { kind, sentence } = await diagnosed(
      'surplus',
      {},
      ({ deployment }) =>
        deployment.status?.conditions?.some(({ message = '' }) => message.includes('exceeded quota')) ===
        true,
    )
    expect(kind).toBe('quota')
    expect(sentence).toMatch(
      /^Kubernetes refuses to make its pods: the quota "full" is exceeded \(pods: asked 1, used \d+, limited to 0\)\.$/,
    )
  })
})
