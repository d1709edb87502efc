import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
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

  it('names the schema of its version, so that editors check it', () => {
    expect(read('runbook.yaml')).toMatch(
      /^# yaml-language-server: \$schema=\S+\/v1\/schema\/runbook\.schema\.json\n/,
    )
  })
})
