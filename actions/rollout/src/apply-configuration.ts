import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { dataDigest } from '@runbook-actions/shared/cluster/configuration/content-digest.ts'
import { wantedData, type ConfigurationSource } from '@runbook-actions/shared/cluster/configuration/source.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { Configuration } from '@runbook-actions/shared/record/configuration.ts'

interface Ports {
  readonly cluster: Cluster
  /** Throws where the lock has ended. */
  readonly checkWrite: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Writes the ConfigMap of a configuration change, unless an attempt before this one has. Only what was planned, and only over
 * what the plan saw: that is what was approved.
 *
 * @throws UserError where either is something else by now
 */
export async function applyConfiguration(
  { configMap: name, changes, before, after }: Configuration,
  source: ConfigurationSource | undefined,
  { cluster, checkWrite, log, signal }: Ports,
): Promise<void> {
  const live = await cluster.configMap(name, signal)
  if (live === undefined) throw new UserError(`The ConfigMap ${name} is gone.`, 'Start a new run.')
  const found = dataDigest(live.data)
  if (found === after) {
    log.info(`configmap/${name} says so already.`)
    return
  }
  if (found !== before) {
    throw new UserError(
      `ConfigMap ${name} was changed by somebody else since the plan; nothing was written.`,
      'See who with "kubectl get configmap --show-managed-fields", then start a new run.',
    )
  }
  const data = source && wantedData(source, live.data)
  if (data === undefined || dataDigest(data) !== after) {
    throw new UserError(
      `What ${name} is to say is not what was planned and approved.`,
      'Give this step the same checkout and the same "config-values" as the plan.',
    )
  }
  checkWrite()
  await cluster.changeConfigMap({ name, data, before }, signal)
  for (const { key, change } of changes) log.info(`configmap/${name}: ${key} ${change}`)
}
