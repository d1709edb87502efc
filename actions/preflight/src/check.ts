import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { Manifest } from '@runbook-actions/shared/cluster/manifest/read-manifest.ts'
import { formatImage, parseImage } from '@runbook-actions/shared/cluster/image.ts'
import { outcomeOf } from '@runbook-actions/shared/decide/policy.ts'
import { worst } from '@runbook-actions/shared/decide/verdict.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import { gatesFor } from '@runbook-actions/shared/gates/registry.ts'
import type { Sources } from '@runbook-actions/shared/gates/sources.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { recordDigest } from '@runbook-actions/shared/record/text.ts'
import { asFound } from '@runbook-actions/shared/report/as-found.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { checkSummary } from './check-summary.ts'

export interface CheckPorts {
  readonly sources: Sources
  /** By Deployment, of components that have one. */
  readonly manifests?: ReadonlyMap<string, Manifest>
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Asks every question of the occasion at the same time. Whatever is not shown to be good blocks: nothing has been
 * changed yet, so nothing is lost by waiting.
 */
export async function check(
  occasion: 'preflight' | 're-check',
  runbook: Runbook,
  record: DeploymentRecord,
  { sources, manifests, log, signal }: CheckPorts,
): Promise<PhaseResult> {
  const phase = beginPhase(occasion, sources.clock)
  const subject = { runbook, record, occasion, ...(manifests !== undefined && { manifests }) }
  const gates = await runGates(gatesFor(occasion, runbook), { ...sources, ...subject }, signal)
  logGates(gates, log)
  const verdict = worst(gates.map((gate) => gate.verdict))
  const outcome = outcomeOf('preflight', verdict)
  const stopping = gates.filter((gate) => ['fail', 'unknown', 'inconclusive'].includes(gate.verdict))
  const reason =
    outcome === 'passed'
      ? `${gates.length} questions are answered: ${record.version} may go on.`
      : stopping.map((gate) => `${gate.gate} is ${gate.verdict}: ${gate.answer}`).join(' ')
  const ended = phase.end(record, { outcome, verdict, reason, gates })
  return {
    outcome,
    reason,
    ...(outcome !== 'passed' && {
      next: nextStep(ended),
    }),
    record: ended,
    summary: checkSummary(occasion, ended, gates, outcome),
  }
}

function nextStep(record: DeploymentRecord): string {
  const { state, action } = asFound(record)
  return `${record.environment} ${state}. ${action.charAt(0).toUpperCase()}${action.slice(1)}`
}

/**
 * The record with what staging ran and how it was judged. Its images are pinned to the digests that staging's pods
 * reported: production gets the same bits, whatever the tag says by then.
 */
export function withStaging(record: DeploymentRecord, staging: DeploymentRecord): DeploymentRecord {
  const last = staging.phases.at(-1)
  const digests = new Map(staging.deployed.map(({ deployment, digest }) => [deployment, digest]))
  return {
    ...record,
    staging: {
      ...judgedInStaging(staging, record),
      endedAt: last?.endedAt ?? staging.openedAt,
      components: staging.deployed,
      run: staging.run,
      recordDigest: recordDigest(staging),
    },
    plan: record.plan.map((component) => {
      const digest = digests.get(component.deployment)
      return digest === undefined
        ? component
        : { ...component, to: formatImage({ ...parseImage(component.to), digest }) }
    }),
  }
}

/** Passed is only what has soaked: the very commit, to the end. */
function judgedInStaging(
  { commit, phases }: DeploymentRecord,
  record: DeploymentRecord,
): Pick<NonNullable<DeploymentRecord['staging']>, 'outcome' | 'reason'> {
  const last = phases.at(-1)
  if (commit !== record.commit) return { outcome: 'failed', reason: `It ran commit ${commit}.` }
  if (last === undefined) return { outcome: 'failed', reason: 'Nothing was done.' }
  const { phase, outcome, reason } = last
  if (outcome !== 'passed' || phase === 'soak') return { outcome, reason }
  return { outcome: 'held', reason: `It ended after ${phase} and did not soak.` }
}
