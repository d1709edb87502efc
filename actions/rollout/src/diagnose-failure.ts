import { nameOf, type ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { collectEvidence } from '@runbook-actions/shared/cluster/diagnosis/collect-evidence.ts'
import { diagnose } from '@runbook-actions/shared/cluster/diagnosis/diagnose.ts'
import type { RolloutEnd } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { Diagnosis } from '@runbook-actions/shared/record/diagnosis.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'

/**
 * Reads why a rollout failed while its pods are still there, within 10 s, and says it in the log. Undefined where the
 * Deployment is gone: then there is nothing to read, and the end's own sentence says it.
 *
 * @throws the signal's reason when cancelled
 */
export async function diagnoseFailure(
  end: RolloutEnd,
  component: ComponentState | undefined,
  { snapshot }: DeploymentRecord,
  { cluster, log, signal }: { readonly cluster: Cluster; readonly log: Logger; readonly signal: AbortSignal },
): Promise<Diagnosis | undefined> {
  if (component === undefined) return undefined
  const name = nameOf(component.deployment)
  const before = snapshot?.deployments.find(({ deployment }) => deployment === name)?.revision
  const failed = { component, signals: end.signals, reason: end.reason, before }
  const diagnosis = diagnose(await collectEvidence(cluster, failed, signal))
  log.info(`Diagnosis (${diagnosis.kind}): ${diagnosis.sentence}`)
  log.external(diagnosis.evidence.join('\n'))
  log.info(`The runbook says, under "${diagnosis.section.title}":\n${diagnosis.advice.join('\n')}`)
  return diagnosis
}
