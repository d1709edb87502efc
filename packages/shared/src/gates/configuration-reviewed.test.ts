import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { configurationReviewed } from './configuration-reviewed.ts'
import { runGates } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const keys = 'config: { config-map: app-config, manifest: config/app.yaml }\n'
const running = { KAFKA_BROKERS: 'a:9092', DOWNLOAD: 'xact-download-worker', RETRIES: '3', OTHER_GROUP: 'x' }
const fileOf = (data: Readonly<Record<string, string>>, name = 'app-config') =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: app-config }\n---\n${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })}\n`

async function ask(text: string, more = keys, data: Readonly<Record<string, string>> | null = running) {
  const cluster: Cluster = Object.assign(new FakeCluster(), {
    configMap: () => Promise.resolve(data === null ? undefined : { resourceVersion: '1', data }),
  })
  const runbook = loadRunbook(`${TEN_LINES}${more}`, { file: 'runbook.yaml' })
  const files = { read: () => Promise.resolve(text) }
  const context = contextOf({ cluster, runbook, files })
  const [result] = await runGates([configurationReviewed], context, new AbortController().signal)
  return result
}

describe('configuration-reviewed', () => {
  it('passes where cluster and file say the same', async () => {
    expect(await ask(fileOf(running))).toMatchObject({ verdict: 'pass', value: '0 of 4 keys' })
  })

  it('warns with the names of the keys that differ, and never with a value', async () => {
    const found = await ask(
      fileOf({
        KAFKA_BROKERS: 'secret-host:9092',
        DOWNLOAD: 'xact-download-worker',
        NEW: '1',
        OTHER_GROUP: 'x',
      }),
    )
    expect(found).toMatchObject({
      verdict: 'warn',
      value: '3 of 5 keys',
      evidence: ['KAFKA_BROKERS: changed', 'NEW: only in the file', 'RETRIES: only in the cluster'],
    })
    expect(JSON.stringify(found)).not.toMatch(/9092/)
  })

  it('names the offsets that another consumer group abandons', async () => {
    const found = await ask(fileOf({ ...running, DOWNLOAD: 'new-group', OTHER_GROUP: 'y' }))
    expect(found?.answer).toContain(
      'DOWNLOAD is the consumer group of download-worker: with another one, the offsets of xact-download-worker are abandoned.',
    )
    expect(found?.answer).toContain('OTHER_GROUP looks like a consumer group')
    expect(JSON.stringify(found)).not.toContain('new-group')
  })

  it('fails where the cluster has no such ConfigMap, and does not know where the file has none', async () => {
    const none = Object.assign(new FakeCluster(), { configMap: () => Promise.resolve(undefined) })
    const runbook = loadRunbook(`${TEN_LINES}${keys}`, { file: 'runbook.yaml' })
    const context = contextOf({
      cluster: none,
      runbook,
      files: { read: () => Promise.resolve(fileOf(running)) },
    })
    const [missing] = await runGates([configurationReviewed], context, new AbortController().signal)
    expect(missing).toMatchObject({ verdict: 'fail' })
    expect(await ask(fileOf(running, 'another'))).toMatchObject({ verdict: 'unknown' })
    expect(await ask('a: [')).toMatchObject({ verdict: 'unknown' })
    expect(await ask(fileOf(running), '')).toMatchObject({ verdict: 'skipped' })
  })
})
