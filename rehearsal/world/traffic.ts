import { untilSettled, usualTraffic, type RehearsalEnvironment } from './environment.ts'
import type { World } from './world.ts'

const configMap = 'kafka-pipeline-config'
const ingester = 'event-ingester'

/**
 * Does the work while each event-ingester pod of the environment announces so many files per second, 0 for no traffic
 * at all; afterwards as many as ever, however the work ended.
 */
export async function withTraffic<T>(
  world: World,
  environment: RehearsalEnvironment,
  filesPerSecond: number,
  work: () => Promise<T>,
): Promise<T> {
  await setTraffic(world, environment, filesPerSecond)
  try {
    return await work()
  } finally {
    await setTraffic(world, environment, usualTraffic)
  }
}

/** The pods read it when they start, so they are replaced; their template stays as it is. */
async function setTraffic(
  { cluster, api }: World,
  { namespace }: RehearsalEnvironment,
  filesPerSecond: number,
): Promise<void> {
  const since = new Date()
  const patch = JSON.stringify({ data: { EVENTS_PER_SECOND: String(filesPerSecond) } })
  await cluster.kubectlRun(['patch', 'configmap', configMap, '-n', namespace, '--type=merge', '-p', patch])
  await cluster.kubectlRun(['delete', 'pod', '-n', namespace, '-l', `app=${ingester}`, '--wait'])
  await untilSettled(api, { namespace }, since)
}
