import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import type { Owner } from '@runbook-actions/shared/cluster/owners.ts'
import { messageOf } from '@runbook-actions/shared/errors.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { besideCopy } from './beside-copy.ts'
import type { ConfigMapStep } from './restore-plan.ts'

/** A ConfigMap that was put back although somebody else manages it. */
export interface ForeignConfigMap {
  readonly name: string
  /** What it was put back from. */
  readonly copy: string
  readonly owner: Owner
  /** Whether it still says what was put back, looked at when all pods were back; undefined where that was not looked at. */
  readonly stays: boolean | undefined
}

/** Those among the restored ones that the team wants to be told of (`gates.ownership.mode`). */
export function foreignAmong(configMaps: readonly ConfigMapStep[], runbook: Runbook): ForeignConfigMap[] {
  if (runbook.gates.ownership.mode === 'off') return []
  return configMaps.flatMap(({ name, copy, owner }) =>
    owner === undefined ? [] : [{ name, copy, owner, stays: undefined }],
  )
}

/**
 * Whether their owners have put their own back meanwhile. The rollback does not depend on the answer: that it cannot be read fails
 * nothing.
 *
 * @throws the signal's reason when cancelled
 */
export async function lookAgain(
  foreign: readonly ForeignConfigMap[],
  { cluster, log, signal }: { readonly cluster: Cluster; readonly log: Logger; readonly signal: AbortSignal },
): Promise<ForeignConfigMap[]> {
  const read = async (each: ForeignConfigMap): Promise<ForeignConfigMap> => {
    try {
      const { kept, isSame } = await besideCopy(each, cluster, signal)
      return kept === undefined ? each : { ...each, stays: isSame }
    } catch (error) {
      signal.throwIfAborted()
      log.warn(
        `Whether ConfigMap ${each.name} still says what was put back is not known: ${messageOf(error)}`,
      )
      return each
    }
  }
  return Promise.all(foreign.map(read))
}

/** For the person on call: who may undo it, whether that has happened, and how to keep it. */
export function foreignSentence({ name, owner, stays }: ForeignConfigMap): string {
  const undone =
    stays === false
      ? ' It has been put back to its own already: containers that start from now on read that.'
      : ''
  return `ConfigMap ${name} is managed by ${owner.name}, ${consequence(owner)}.${undone}`
}

function consequence({ tool }: Owner): string {
  switch (tool) {
    case 'Argo CD':
      return 'whose self-heal puts its own back. Take the change back in its repository as well; until then switch its automatic sync off (argocd app set … --sync-policy none)'
    case 'Flux':
      return 'which puts its own back when it reconciles next. Take the change back in its repository as well; until then suspend it ("flux suspend")'
    case 'operator':
      return 'which may put its own back. Change that object as well'
    case 'Helm':
      return 'whose next "helm upgrade" puts its own back. Change the values of the chart as well'
  }
}
