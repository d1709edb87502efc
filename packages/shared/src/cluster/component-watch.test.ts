import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { answer, ApiServer, listOf, status } from './api-server.fixture.ts'
import type { KubernetesApi } from './api.ts'
import type { ComponentWatch } from './cluster.ts'
import { watchComponents } from './component-watch.ts'
import { describePod } from './component.ts'
import { deploymentOf, podOf, replicaSetOf } from './component.fixture.ts'
import { podView } from './diagnosis/pod-view.ts'

const name = 'download-worker'
const deployment = deploymentOf({ name })
const replicaSet = replicaSetOf(deployment, 'abc', '2')
const never = new AbortController().signal

let server: ApiServer
let api: KubernetesApi
let watch: ComponentWatch
let podWatch: PromiseWithResolvers<ServerResponse>
let version = 10

beforeEach(async () => {
  server = await ApiServer.start()
  api = server.client()
  podWatch = Promise.withResolvers()
  const standing: Record<string, object[]> = { deployments: [deployment], replicasets: [replicaSet] }
  server.handler = ({ path, query }, response) => {
    const kind = path.split('/').at(-1) ?? ''
    if (!query.has('watch')) return answer(response, 200, listOf(standing[kind] ?? [], String(version)))
    response.writeHead(200).flushHeaders()
    if (kind === 'pods') podWatch.resolve(response)
  }
  watch = await watchComponents(api, 'team', never)
})

afterEach(async () => {
  watch.close()
  await api.close()
  await server.close()
})

const say = async (type: string, object: object) =>
  (await podWatch.promise).write(`${JSON.stringify({ type, object })}\n`)
/** A pod of the Deployment, with what the API server serves beside. */
const servedPod = (id: string) => {
  version += 1
  const pod = podOf(replicaSet, id)
  const managedFields = [{ manager: 'kubelet', operation: 'Update' }]
  return { ...pod, metadata: { ...pod.metadata, managedFields, resourceVersion: String(version) } }
}
const inAnHour = () => new Date(Date.now() + 3_600_000)
const podNames = () => watch.state(name)?.pods.map((pod) => pod.metadata?.name)

describe('a watch of components', () => {
  it('tells a change', async () => {
    expect(podNames()).toEqual([])
    const changed = watch.next(inAnHour(), never)
    await say('ADDED', servedPod('one'))
    await changed
    expect(podNames()).toEqual([`${name}-abc-one`])
  })

  it('keeps of a pod what following and diagnosis look at, and nothing else', async () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled' }
    const plain = servedPod('one')
    const pod = {
      ...plain,
      spec: {
        nodeName: 'node-1',
        volumes: [{ name: 'cache', emptyDir: {} }],
        imagePullSecrets: [{ name: 'registry' }],
        initContainers: [{ name: 'migrate', image: 'registry.local/migrate:v1.1.0', command: ['migrate'] }],
        containers: [
          {
            name,
            image: 'registry.local/x',
            resources: { limits: { memory: '64Mi' } },
            env: [{ name: 'A' }],
          },
        ],
      },
      status: {
        ...podOf(replicaSet, 'one', { terminated, restarts: 3 }).status,
        podIP: '10.0.0.7',
        conditions: [{ type: 'Ready', status: 'False' }],
      },
    }
    const changed = watch.next(inAnHour(), never)
    await say('ADDED', pod)
    await changed
    const [seen] = watch.state(name)?.pods ?? []
    const view = (what: unknown) => podView({ pod: what as NonNullable<typeof seen>, events: [], logs: [] })
    expect(view(seen)).toEqual(view(pod))
    expect(view(seen)).toMatchObject({ pullSecrets: ['registry'], containers: [{ memoryLimit: '64Mi' }] })
    expect(describePod(seen!)).toBe(`${name}-abc-one  0/1  OOMKilled  3 restarts`)
    expect(JSON.stringify(seen)).not.toMatch(/podIP|env|command|managedFields|volumes|nodeName/)
  })

  it('gathers changes that come all the time: four looks a second', async () => {
    const began = performance.now()
    let looks = 0
    while (performance.now() - began < 700) {
      await say('ADDED', servedPod(`n${looks % 10}`))
      const looked = watch.next(inAnHour(), never)
      // More comes before the next look, as it does while many pods roll.
      for (let more = 0; more < 10; more += 1) await say('MODIFIED', servedPod(`n${more}`))
      await looked
      looks += 1
    }
    const elapsedMs = performance.now() - began
    expect(looks).toBeGreaterThanOrEqual(2)
    // The first one is at once; timers may round down by a millisecond.
    expect(elapsedMs).toBeGreaterThanOrEqual(249 * (looks - 1))
    expect(podNames()).toHaveLength(10)
  })

  it('does not gather beyond the time that it was given', async () => {
    await say('ADDED', servedPod('one'))
    await watch.next(inAnHour(), never)
    await say('ADDED', servedPod('two'))
    const first = await Promise.race([
      watch.next(new Date(Date.now() + 20), never).then(() => 'the given time'),
      sleep(200, 'a later one'),
    ])
    expect(first).toBe('the given time')
  })

  it('waits no longer than it was told where nothing changes', async () => {
    await watch.next(new Date(Date.now() + 5), never)
    expect(podNames()).toEqual([])
  })

  it('can be cancelled while it gathers', async () => {
    await say('ADDED', servedPod('one'))
    await watch.next(inAnHour(), never)
    const cancel = new AbortController()
    await say('ADDED', servedPod('two'))
    const waiting = watch.next(inAnHour(), cancel.signal)
    cancel.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  it('rejects when the watch cannot go on', async () => {
    const waiting = expect(watch.next(inAnHour(), never)).rejects.toMatchObject({ isForbidden: true })
    await say('ERROR', status(403, 'Forbidden', 'no more'))
    await waiting
  })

  it('does not begin where the server refuses', async () => {
    server.handler = (_, response) => answer(response, 403, status(403, 'Forbidden', 'no'))
    await expect(watchComponents(api, 'team', never)).rejects.toMatchObject({ isForbidden: true })
  })
})
