import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { runKubectl } from '../kubernetes/cluster.ts'
import { serviceAccountKubeconfig } from '../world/environment.ts'
import { prometheusAccess } from './access.ts'
import { startAlertmanager, type Alertmanager } from './alertmanager.ts'
import { buildAlertmanager, buildPrometheus } from './build.ts'
import { startPrometheus } from './prometheus.ts'
import type { ServerProcess } from './server-process.ts'

const { REHEARSAL_KUBECONFIG: kubeconfig = '', REHEARSAL_KUBECTL: kubectl = '' } = process.env
const kubectlRun = (args: readonly string[], input?: string): Promise<string> =>
  runKubectl({ kubectl, kubeconfig }, args, input)
const namespace = 'prometheus-test'
const rules = `groups:
  - name: test
    rules:
      - { alert: PodDown, expr: up == 0, labels: { severity: critical } }
`
/** Runs, and serves nothing: what Prometheus finds of it is that it is down. */
const pod = `apiVersion: v1
kind: Pod
metadata: { name: mute, namespace: ${namespace} }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: mute
      image: registry.local/event-ingester:v1.0.0
      command: [sleep, '600']
      ports: [{ name: http, containerPort: 8000 }]
`
const vector = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
})
const alerts = z.array(z.object({ labels: z.record(z.string(), z.string()), startsAt: z.coerce.date() }))

let dir: string
let alertmanager: Alertmanager
let prometheus: ServerProcess

async function ask(query: string) {
  const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`)
  return vector.parse(await response.json()).data.result
}

async function firing(): Promise<(string | undefined)[]> {
  const response = await fetch(`${alertmanager.url}/api/v2/alerts?active=true`)
  return alerts.parse(await response.json()).map(({ labels }) => labels.alertname)
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50)
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'prometheus-'))
  const rulesFile = join(dir, 'alerts.yaml')
  await writeFile(rulesFile, rules)
  const log = (line: string): void => {
    process.stdout.write(`${line}\n`)
  }
  const binaries = [await buildAlertmanager({ log }), await buildPrometheus({ log })] as const
  alertmanager = await startAlertmanager({ binary: binaries[0], dir: join(dir, 'alertmanager') })
  await kubectlRun(['create', 'namespace', namespace])
  const account = { name: 'prometheus', namespace }
  await kubectlRun(['apply', '-f', '-'], prometheusAccess(account, [namespace]))
  prometheus = await startPrometheus({
    binary: binaries[1],
    dir: join(dir, 'prometheus'),
    kubeconfig: await serviceAccountKubeconfig({ kubectlRun, server: await server() }, 'prometheus', {
      namespace,
    }),
    namespaces: [namespace],
    scrapeInterval: '1s',
    rulesFile,
    alertmanager: new URL(alertmanager.url).host,
  })
}, 600_000)

afterAll(async () => {
  await Promise.all([prometheus, alertmanager].map((part) => part.stop()))
  await kubectlRun(['delete', 'namespace', namespace, '--wait=false'])
  await rm(dir, { recursive: true })
})

const server = (): Promise<string> =>
  kubectlRun(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])

describe('Prometheus', () => {
  it('finds pods by its own account, names them, and sends what fires to Alertmanager', async () => {
    await kubectlRun(['apply', '-f', '-'], pod)
    await until(async () => (await ask('up')).length > 0)
    expect(await ask('up')).toMatchObject([
      { metric: { namespace, pod: 'mute' }, value: [expect.any(Number), '0'] },
    ])
    await until(async () => (await firing()).includes('PodDown'))
  }, 60_000)

  it('is back at the same address with its data after a stop', async () => {
    await until(async () => (await ask('up')).length > 0)
    const stopped = Date.now() / 1000
    await prometheus.stop()
    await expect(fetch(prometheus.url)).rejects.toThrow()
    await prometheus.start()
    await prometheus.start()
    const before = await ask(`count_over_time(up[1h] @ ${String(stopped)})`)
    expect(before).toMatchObject([{ metric: { pod: 'mute' } }])
  }, 60_000)

  it('says what kept it from starting', async () => {
    const rulesFile = join(dir, 'wrong.yaml')
    await writeFile(rulesFile, 'groups: nothing')
    const starting = startPrometheus({
      binary: await buildPrometheus(),
      dir: join(dir, 'wrong'),
      kubeconfig: '{}',
      namespaces: [namespace],
      scrapeInterval: '1s',
      rulesFile,
      alertmanager: '127.0.0.1:1',
    })
    await expect(starting).rejects.toThrow(/^prometheus ended while it started\.[^]*wrong\.yaml/)
  }, 60_000)
})

describe('Alertmanager', () => {
  it('holds an alert from its firing until it is resolved', async () => {
    await alertmanager.fire({ alertname: 'Incident', severity: 'critical' })
    expect(await firing()).toContain('Incident')
    const response = await fetch(`${alertmanager.url}/api/v2/alerts?filter=alertname%3DIncident`)
    const [alert] = alerts.parse(await response.json())
    expect(alert?.startsAt.getTime()).toBeLessThanOrEqual(Date.now())
    await alertmanager.resolveAll()
    expect(await firing()).not.toContain('Incident')
  })
})
