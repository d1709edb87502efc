import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { loadRunbook } from '../packages/shared/src/runbook/load.ts'
import { root } from './generated-files.ts'

const folder = join(root, 'examples/kafka-pipeline')
const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
const runbook = loadRunbook(read('runbook.yaml'), { file: 'examples/kafka-pipeline/runbook.yaml' })

interface Manifest {
  kind: string
  metadata: { name: string }
  data?: Record<string, string>
  spec?: { template: { spec: { containers: { name: string; ports: { containerPort: number }[] }[] } } }
}
const manifests = readdirSync(join(folder, 'deployments')).map(
  (name) => parse(read(`deployments/${name}`)) as Manifest,
)

describe('the example', () => {
  it('rolls every Deployment that it has manifests of', () => {
    const deployments = manifests
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ metadata }) => metadata.name)
    expect(runbook.components.map(({ deployment }) => deployment).toSorted()).toEqual(deployments.toSorted())
  })

  it('looks for health and metrics where the containers serve them', () => {
    for (const { deployment, container, health, metrics } of runbook.components) {
      const spec = manifests.find(({ metadata }) => metadata.name === deployment)?.spec?.template.spec
      const ports = spec?.containers.find(({ name }) => name === container)?.ports ?? []
      const served = ports.map(({ containerPort }) => containerPort)
      expect(served).toContain(health === false ? undefined : health.port)
      expect(served).toContain(metrics === false ? undefined : metrics.port)
    }
  })

  it('names the ConfigMap and the consumer group that the manifests have', () => {
    const config = parse(read(runbook.config.manifest ?? '')) as Manifest
    expect(config.metadata.name).toBe(runbook.config.configMap)
    const worker = runbook.components.find(({ deployment }) => deployment === 'download-worker')
    expect(config.data?.KAFKA_DOWNLOAD_GROUP).toBe(worker?.consumerGroup)
  })

  it('names every alert rule that it has', () => {
    const { groups } = parse(read('monitoring/alerts.yaml')) as { groups: { rules: { alert: string }[] }[] }
    const rules = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
    expect(runbook.gates.monitoring.alerts).toEqual(rules)
  })

  describe('asks with a program of its own whether the topics are agreed', () => {
    const question = runbook.gates.command['topics-agreed']
    let copy: string
    beforeEach(async () => {
      copy = await mkdtemp(join(tmpdir(), 'example-'))
      await cp(folder, copy, { recursive: true })
    })
    afterEach(() => rm(copy, { recursive: true }))
    const ask = (config: (text: string) => string) => {
      const file = join(copy, runbook.config.manifest ?? '')
      writeFileSync(file, config(readFileSync(file, 'utf8')))
      const [program = '', ...args] = question?.run ?? []
      const { status, stdout } = spawnSync(join(copy, program), args, { encoding: 'utf8' })
      return [status, stdout === '' ? undefined : (JSON.parse(stdout) as unknown)]
    }

    it('and they are', () => {
      expect(ask((text) => text)).toEqual([
        0,
        { answer: 'All topics of the configuration are in topics.txt.', value: '4 topics' },
      ])
    })

    it('which one that nobody knows is not', () => {
      expect(ask((text) => text.replace('pipeline.dlq', 'pipeline.lost'))).toEqual([
        1,
        { answer: 'Not in topics.txt: pipeline.lost. Ask the platform team for them.' },
      ])
    })

    it('and cannot tell of a configuration that names none', () => {
      expect(ask((text) => text.replaceAll('_TOPIC', '_QUEUE'))).toEqual([75, undefined])
    })
  })

  it('names the schema of its version, so that editors check it', () => {
    expect(read('runbook.yaml')).toMatch(
      /^# yaml-language-server: \$schema=\S+\/v1\/schema\/runbook\.schema\.json\n/,
    )
  })
})
