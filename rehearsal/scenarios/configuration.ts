import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { KubernetesCluster } from '../../packages/shared/src/cluster/kubernetes-cluster.ts'
import { isTerminating, nameOf } from '../../packages/shared/src/cluster/component.ts'
import { components } from '../pipeline/components.ts'
import { production } from '../world/environment.ts'
import type { World } from '../world/world.ts'

export const configMapName = 'kafka-pipeline-config'

/** Fields of a ConfigMap of production as kubectl shows them, such as `{.data.LEVEL}`; empty where there is none. */
export function readConfigMap({ cluster }: World, name: string, fields: string): Promise<string> {
  const place = ['configmap', name, '-n', production.namespace]
  return cluster.kubectlRun(['get', ...place, '-o', `jsonpath=${fields}`])
}

/** What production's ConfigMap says. */
export async function configuration(world: World): Promise<Readonly<Record<string, string>>> {
  return JSON.parse(await readConfigMap(world, configMapName, '{.data}')) as Record<string, string>
}

/** Data in the order in which the API server tells it. */
export function inOrder(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const file = 'config/kafka-pipeline-config.yaml'

/** Commits and pushes what the ConfigMap shall say, as the file of the repository that holds it. */
export async function pushConfiguration(
  { repository }: World,
  data: Readonly<Record<string, string>>,
  message: string,
): Promise<void> {
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMapName }, data }
  await writeFile(join(repository.clone, file), stringify(manifest))
  await repository.git('commit', '-q', '-am', message)
  await repository.git('push', '-q', 'origin', 'main')
}

/**
 * The different values that production's pods have of a variable, asked with kubectl in every one of them; `none` stands for a pod
 * without it.
 */
export async function valuesInPods({ cluster, api }: World, variable: string): Promise<string[]> {
  const { namespace } = production
  const states = await new KubernetesCluster(api, namespace).components(
    components,
    AbortSignal.timeout(30_000),
  )
  const pods = [...states.values()].flatMap((state) =>
    state.pods.filter((pod) => !isTerminating(pod)).map(nameOf),
  )
  const values = await Promise.all(
    pods.map(async (pod) => {
      const lines = (await cluster.kubectlRun(['exec', '-n', namespace, pod, '--', 'env'])).split('\n')
      return lines.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1) ?? 'none'
    }),
  )
  return [...new Set(values.map((value) => value.trim()))].sort()
}
