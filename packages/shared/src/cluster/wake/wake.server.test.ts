import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Sleeper } from '../../record/sleeper.ts'
import type { KubernetesApi } from '../api.ts'
import { readAutoscalers } from '../autoscaler.ts'
import { KubernetesCluster } from '../kubernetes-cluster.ts'
import { RealCluster } from '../real-cluster.fixture.ts'
import { deployments, scaledObjects } from '../resources.ts'
import { scaledObjectDefinition } from './scaled-object.fixture.ts'

const real = new RealCluster(process.env)
const signal = AbortSignal.timeout(120_000)
let api: KubernetesApi
let cluster: KubernetesCluster

/** kubectl as the administrator, in the namespace. */
async function kubectl(args: readonly string[], input = ''): Promise<string> {
  const place = ['--kubeconfig', real.kubeconfig, '-n', real.namespace]
  const running = promisify(execFile)(real.kubectl, [...place, ...args])
  running.child.stdin?.end(input)
  return (await running).stdout
}

beforeAll(async () => {
  api = await real.start()
  cluster = new KubernetesCluster(api, real.namespace)
  await kubectl(['apply', '-f', '-'], JSON.stringify(scaledObjectDefinition))
  await kubectl(['wait', '--for=condition=Established', 'crd/scaledobjects.keda.sh', '--timeout=30s'])
})

afterAll(async () => {
  await kubectl(['delete', 'crd', 'scaledobjects.keda.sh'])
  await real.stop()
})

/** A Deployment that is scaled to zero, and its ScaledObject where it has one. */
async function asleep(name: string, isScaled: boolean): Promise<Sleeper> {
  const labels = { app: name }
  await api.create(deployments, real.namespace, {
    metadata: { name, annotations: { team: 'data' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: 'registry.local/none:v1' }] } },
    },
  })
  if (!isScaled) return { deployment: name, replicas: 2 }
  const metadata = { name: `${name}-keda`, annotations: { team: 'data' } }
  await api.create(scaledObjects, real.namespace, { metadata, spec: { scaleTargetRef: { name } } })
  return { deployment: name, replicas: 2, scaledObject: metadata.name }
}

/** What a person would see: the team's annotations and ours, and the Deployment's replicas. */
async function seen({ deployment, scaledObject }: Sleeper): Promise<object> {
  const live = await api.get(deployments, real.namespace, deployment, { signal })
  const holder =
    scaledObject === undefined ? live : await api.get(scaledObjects, real.namespace, scaledObject, { signal })
  const { 'deployment.kubernetes.io/revision': _, ...annotations } = holder.metadata?.annotations ?? {}
  return { replicas: live.spec?.replicas, annotations }
}

const mark = { 'runbook-actions.io/held-at': '2' }
const pause = { 'autoscaling.keda.sh/paused-replicas': '2' }

describe.each([
  ['by its own replicas', false, { replicas: 2, annotations: { team: 'data', ...mark } }],
  ['by its ScaledObject', true, { replicas: 0, annotations: { team: 'data', ...mark, ...pause } }],
])('a component that is held awake %s', (how, isScaled, held) => {
  const named = (what: string) => asleep(`${what}-${isScaled ? 'keda' : 'plain'}`, isScaled)
  const before = { replicas: 0, annotations: { team: 'data' } }

  it('is held once, and given back once, as it was', async () => {
    const sleeper = await named('round')
    expect(await cluster.giveBack(sleeper, signal)).toBe('not-held')
    expect([await cluster.hold(sleeper, signal), await cluster.isHeld(sleeper, signal)]).toEqual([true, true])
    expect(await seen(sleeper)).toEqual(held)
    expect(await cluster.hold({ ...sleeper, replicas: 5 }, signal)).toBe(true)
    expect(await seen(sleeper)).toEqual(held)
    expect([await cluster.giveBack(sleeper, signal), await cluster.giveBack(sleeper, signal)]).toEqual([
      'given-back',
      'not-held',
    ])
    expect(await seen(sleeper)).toEqual(before)
  })

  it('is not held where work has woken it', async () => {
    const sleeper = await named('woken')
    await kubectl(['scale', `deployment/${sleeper.deployment}`, '--replicas=1'])
    expect([await cluster.hold(sleeper, signal), await cluster.isHeld(sleeper, signal)]).toEqual([
      false,
      false,
    ])
    expect(await seen(sleeper)).toEqual({ replicas: 1, annotations: { team: 'data' } })
  })

  it('keeps what somebody has set since', async () => {
    const sleeper = await named('changed')
    await cluster.hold(sleeper, signal)
    await kubectl(
      isScaled
        ? [
            'annotate',
            `scaledobject/${sleeper.scaledObject}`,
            '--overwrite',
            'autoscaling.keda.sh/paused-replicas=7',
          ]
        : ['scale', `deployment/${sleeper.deployment}`, '--replicas=7'],
    )
    expect(await cluster.isHeld(sleeper, signal)).toBe(false)
    expect(await cluster.giveBack(sleeper, signal)).toBe('changed-since')
    expect(await seen(sleeper)).toEqual(
      isScaled
        ? { replicas: 0, annotations: { team: 'data', 'autoscaling.keda.sh/paused-replicas': '7' } }
        : { replicas: 7, annotations: { team: 'data' } },
    )
  })

  it('is never changed by a dry run', async () => {
    const sleeper = await named('dry')
    const dry = new KubernetesCluster(real.client({ dryRun: true }), real.namespace)
    expect(await dry.hold(sleeper, signal)).toBe(true)
    expect(await seen(sleeper)).toEqual(before)
  })
})

describe('a ScaledObject', () => {
  it('that somebody has paused is left alone, and told', async () => {
    const sleeper = await asleep('paused', true)
    await kubectl(['annotate', `scaledobject/${sleeper.scaledObject}`, 'autoscaling.keda.sh/paused=true'])
    await expect(cluster.hold(sleeper, signal)).rejects.toThrow('autoscaling.keda.sh/paused: true')
    expect((await readAutoscalers(api, real.namespace, signal)).get('paused')).toMatchObject({
      kind: 'KEDA',
      pausedBy: 'autoscaling.keda.sh/paused: true',
    })
    expect(await cluster.giveBack(sleeper, signal)).toBe('not-held')
  })

  it('that is gone holds nothing, and there is nothing to give back', async () => {
    const sleeper = { ...(await asleep('gone', false)), scaledObject: 'gone-keda' }
    await expect(cluster.hold(sleeper, signal)).rejects.toThrow('ScaledObject "gone-keda" is gone')
    expect(await cluster.giveBack(sleeper, signal)).toBe('not-held')
  })
})
