import { describe, expect, it } from '@jest/globals'
import type { Cluster } from './cluster.ts'
import { digestB, settledComponent } from './component.fixture.ts'
import { takeSnapshot, usedBy } from './snapshot.ts'

const spec = {
  containers: [
    {
      name: 'main',
      envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'database' } }],
      env: [
        { name: 'A', value: 'plain' },
        { name: 'B', valueFrom: { configMapKeyRef: { name: 'flags', key: 'b' } } },
        { name: 'C', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } },
      ],
    },
  ],
  initContainers: [{ name: 'wait', envFrom: [{ configMapRef: { name: 'settings' } }] }],
  volumes: [
    { name: 'v', configMap: { name: 'rules' } },
    { name: 's', secret: { secretName: 'certificates' } },
    { name: 'p', projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'token' } }] } },
  ],
  imagePullSecrets: [{ name: 'regcred' }],
}

function componentWith(podSpec: typeof spec) {
  const component = settledComponent({ replicas: 2 })
  return {
    ...component,
    deployment: {
      ...component.deployment,
      spec: { ...component.deployment.spec!, template: { spec: podSpec } },
    },
  }
}

describe('usedBy', () => {
  it('finds every way in which a pod template names a ConfigMap or a Secret, each once', () => {
    expect(usedBy(componentWith(spec).deployment)).toEqual({
      configMaps: ['ca', 'flags', 'rules', 'settings'],
      secrets: ['certificates', 'database', 'regcred', 'token'],
    })
  })
})

describe('takeSnapshot', () => {
  const kept: string[] = []
  const cluster = {
    configMap: (name: string) =>
      Promise.resolve(name === 'flags' ? undefined : { resourceVersion: '7', data: { key: name } }),
    keepConfigMap: (name: string) => {
      kept.push(name)
      return Promise.resolve(`${name}-copy`)
    },
  } as unknown as Cluster
  const take = () =>
    takeSnapshot(cluster, [componentWith(spec)], {
      clock: { now: () => new Date('2026-11-23T10:00:00Z') },
      signal: new AbortController().signal,
    })

  it('keeps the Deployment whole, ConfigMaps as copies, Secrets by name, and what the pods really run', async () => {
    const snapshot = await take()
    expect(snapshot.deployments).toMatchObject([
      {
        deployment: 'download-worker',
        revision: '2',
        replicas: 2,
        template: { spec },
        digests: { main: [] },
      },
    ])
    expect(snapshot.configMaps).toContainEqual({
      name: 'settings',
      resourceVersion: '7',
      copy: 'settings-copy',
    })
    expect(snapshot.secrets).toEqual(['certificates', 'database', 'regcred', 'token'])
  })

  it('passes over an optional ConfigMap that does not exist', async () => {
    expect((await take()).configMaps.map((entry) => entry.name)).toEqual(['ca', 'rules', 'settings'])
    expect(kept).not.toContain('flags')
  })

  it('keeps one that the suite holds awake as its team has it: asleep, and without the mark', async () => {
    const held = settledComponent({ replicas: 1 })
    held.deployment.metadata!.annotations = { team: 'data', 'runbook-actions.io/held-at': '1' }
    const { signal } = new AbortController()
    const snapshot = await takeSnapshot(cluster, [held], { clock: { now: () => new Date() }, signal })
    expect(snapshot.deployments).toMatchObject([{ replicas: 0, annotations: { team: 'data' } }])
    expect(snapshot.deployments[0]?.annotations).not.toHaveProperty(['runbook-actions.io/held-at'])
  })

  it('knows the digests by container', async () => {
    const plain = settledComponent({ replicas: 2 })
    const snapshot = await takeSnapshot(cluster, [plain], {
      clock: { now: () => new Date() },
      signal: new AbortController().signal,
    })
    expect(snapshot.deployments[0]?.digests).toEqual({ 'download-worker': [digestB] })
  })
})
