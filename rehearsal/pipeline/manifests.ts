import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Document } from 'yaml'
import { parseDocument } from 'yaml'
import type { Component } from './components.ts'
import { components } from './components.ts'

const example = join(import.meta.dirname, '../../examples/kafka-pipeline')

export interface PipelineEnvironment {
  /** Bootstrap servers, as `host:port`. */
  brokers: readonly string[]
  /** Stands before the names of topics and consumer groups; nothing in production. */
  prefix?: string
  /** Replicas that differ from the manifest. */
  replicas?: Partial<Record<Component, number>>
  /** The image tag of components that differs from the manifest. */
  versions?: Partial<Record<Component, string>>
  /** Further keys of the ConfigMap. */
  settings?: Readonly<Record<string, string>>
}

/**
 * The example's manifests for one environment: a YAML stream of the ConfigMap and the three Deployments, to be applied
 * with `-n`. The files themselves stay as a team would have them.
 */
export async function renderManifests(environment: PipelineEnvironment): Promise<string> {
  const { brokers, prefix = '', replicas = {}, versions = {}, settings = {} } = environment
  const configMap = await load('config/kafka-pipeline-config.yaml')
  const data = { KAFKA_BROKERS: brokers.join(','), KAFKA_PREFIX: prefix, ...settings }
  for (const [key, value] of Object.entries(data)) configMap.setIn(['data', key], value)

  const deployments = components.map(async (name) => {
    const deployment = await load(`deployments/${name}.yaml`)
    const count = replicas[name]
    if (count !== undefined) deployment.setIn(['spec', 'replicas'], count)
    const tag = versions[name]
    const image = ['spec', 'template', 'spec', 'containers', 0, 'image']
    if (tag !== undefined) deployment.setIn(image, `registry.local/${name}:${tag}`)
    return deployment
  })
  return [configMap, ...(await Promise.all(deployments))].map(String).join('---\n')
}

async function load(file: string): Promise<Document> {
  const document = parseDocument(await readFile(join(example, file), 'utf8'))
  const [problem] = document.errors
  if (problem) throw problem
  return document
}
