import type { Data } from '@runbook-actions/shared/cluster/configuration/content-digest.ts'
import type { ComponentWatch } from '@runbook-actions/shared/cluster/cluster.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import { gatesFor } from '@runbook-actions/shared/gates/registry.ts'
import type { Sources } from '@runbook-actions/shared/gates/sources.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { formatTime } from '@runbook-actions/shared/report/numbers.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { decideRecovery } from './recovery.ts'

/** How well the pipeline is shown to be, once every pod is back. */
export type Proof = { readonly gates: readonly GateResult[] } & (
  | { readonly how: 'recovered' | 'recovering' | 'not-shown' }
  | { readonly how: 'not-well'; readonly problem: string }
)

export interface ProofOptions {
  readonly runbook: Runbook
  /** With what was put back as what is deployed. */
  readonly record: DeploymentRecord
  /** What the ConfigMap said until it was put back, where a configuration change is taken back. */
  readonly configurationBefore: Data | undefined
  /** Until when the metrics may take. */
  readonly deadline: Date
}

export interface ProofPorts {
  readonly sources: Sources
  readonly watch: ComponentWatch
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Asks of every pod, then asks the metrics again and again until they are well or the time is over. */
export async function prove(
  { runbook, record, configurationBefore, deadline }: ProofOptions,
  { sources, watch, log, signal }: ProofPorts,
): Promise<Proof> {
  const { clock } = sources
  const since = clock.now()
  const watched = gatesFor('critical', runbook)
  const ofPods = gatesFor('post-deploy', runbook).filter((gate) => !gate.occasions.includes('critical'))
  const before = configurationBefore && { configurationBefore }
  const context = { ...sources, runbook, record, since, ...before }
  const pods = await runGates(ofPods, { ...context, occasion: 'post-deploy' }, signal)
  const failed = pods.filter(({ verdict }) => verdict === 'fail')
  if (failed.length > 0)
    return { gates: pods, how: 'not-well', problem: failed.map(({ answer }) => answer).join(' ') }

  let lookAt = clock.now()
  for (;;) {
    const answers = await runGates(watched, { ...context, occasion: 'critical' }, signal)
    const decision = decideRecovery(answers, clock.now() >= deadline)
    const gates = [...pods, ...answers]
    const open = decision.open.map(({ gate, answer }) => `${gate}: ${answer}`).join(' ')
    if (decision.do === 'end') {
      return decision.how === 'not-recovered'
        ? { gates, how: 'not-well', problem: open }
        : { gates, how: decision.how }
    }
    log.info(
      `Every pod is back. What is not well yet is waited for, until ${formatTime(deadline, runbook.window.timeZone)} at the longest: ${open}`,
    )
    lookAt = new Date(Math.min(lookAt.getTime() + runbook.watch.every, deadline.getTime()))
    while (clock.now() < lookAt) await watch.next(lookAt, signal)
  }
}
