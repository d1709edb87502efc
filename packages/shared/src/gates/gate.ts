import { abortable } from '../cluster/abortable.ts'
import { explain } from '../cluster/explain.ts'
import type { Data } from '../cluster/configuration/content-digest.ts'
import type { Manifest } from '../cluster/manifest/read-manifest.ts'
import type { Verdict } from '../decide/verdict.ts'
import { UserError } from '../errors.ts'
import type { Baseline, ChecklistAnswer, GateHistory, GateResult } from '../record/gate-result.ts'
import type { DeploymentRecord, WatchStage } from '../record/schema.ts'
import type { Runbook } from '../runbook/schema.ts'
import { VariableMissing } from '../runbook/template.ts'
import type { Sources } from './sources.ts'

/** What a gate is asked about. */
export interface Subject {
  readonly runbook: Runbook
  /** The deployment that is asked about; its `environment` is where the sources look. */
  readonly record: DeploymentRecord
  readonly occasion: Occasion
  /** When the watched time began: the end of the rollout. Absent before it. */
  readonly since?: Date
  /** By Deployment: what will be applied, of components that have a manifest. */
  readonly manifests?: ReadonlyMap<string, Manifest>
  /** What the ConfigMap said before it was put back: of a rollback, where no copy of it is kept. */
  readonly configurationBefore?: Data
}

/** What a gate may look at: all sources, or those that it says it needs. It reads and never acts. */
export type GateContext<Needs extends keyof Sources = keyof Sources> = Subject &
  Pick<Sources, Needs | 'clock'>

/** A gate's answer; the runner adds name, question and times. */
export interface Answer {
  readonly verdict: Verdict
  /** One sentence. */
  readonly answer: string
  readonly value?: string
  readonly limit?: string
  /** Most telling first; the summary shows the first lines and folds the rest. */
  readonly evidence?: readonly string[]
  /** What was measured before the deployment, as `value` is written. */
  readonly before?: string
  /** What was normal before the deployment: of gates that compare with it later, in preflight. */
  readonly baseline?: Baseline
  /** What was measured over time, for the sparkline and the chart. */
  readonly history?: GateHistory
  /** What people have answered, where they are asked. */
  readonly checklist?: readonly ChecklistAnswer[]
  /** Why the runbook says to go back at once: a trigger that holds. Only where it is watched. */
  readonly trigger?: string
  /** Nothing can be measured where this runs, however often it is asked. */
  readonly isLasting?: true
  /** Enough was measured to say, and what reaches the limit may be chance: a watch waits for more. */
  readonly mayBeChance?: true
}

/** `warn`: what is not a pass is said and does not stop. `off`: not asked. */
export type Mode = 'enforce' | 'warn' | 'off'

/**
 * When a gate is asked: before the approval, with it, right before the first write, once after the rollout, or again and
 * again while the release is watched.
 */
export type Occasion = 'preflight' | 'approve' | 're-check' | 'post-deploy' | WatchStage

/** A question with evidence. A new gate is one file that exports one of these, and one line in the registry. */
export interface Gate<Needs extends keyof Sources = keyof Sources> {
  readonly name: string
  /** The runbook's line that it answers, in the runbook's words. */
  readonly question: string
  readonly occasions: readonly Occasion[]
  /**
   * True where it says how production is, and not whether the release is good: the fix of what it finds must be able to
   * ship. Before a hotfix it is asked and recorded, and blocks nothing.
   */
  readonly isRecordedOnlyForHotfix?: boolean
  /** How strictly the team takes it; `enforce` where absent. */
  mode?(runbook: Runbook): Mode
  /** How long it may take, milliseconds, where its sources need more than `gateTimeoutMs`. */
  patienceMs?(runbook: Runbook): number | undefined
  /** How to ask by hand, for the record and for whoever doubts the answer. */
  query?(context: GateContext<Needs>): string
  /** @throws anything where it could not measure: the verdict is then `unknown`, with the message as the answer */
  measure(context: GateContext<Needs>, signal: AbortSignal): Promise<Answer> | Answer
}

/** How long one gate may take before its answer is `unknown`. */
export const gateTimeoutMs = 60_000

/** Asks all gates at the same time. One that throws or takes too long is `unknown` and never stops the others. */
export async function runGates<Needs extends keyof Sources>(
  gates: readonly Gate<Needs>[],
  context: GateContext<Needs>,
  signal: AbortSignal,
  timeoutMs = gateTimeoutMs,
): Promise<GateResult[]> {
  return Promise.all(gates.map((gate) => ask(gate, context, signal, timeoutMs)))
}

async function ask<Needs extends keyof Sources>(
  gate: Gate<Needs>,
  context: GateContext<Needs>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<GateResult> {
  const startedAt = context.clock.now()
  const mode = gate.mode?.(context.runbook) ?? 'enforce'
  const asked = mode === 'off' ? notAsked : await measured(gate, context, signal, timeoutMs)
  const { evidence = [], checklist, ...answer } = softenedBy(asked, softening(gate, mode, context))
  const query = gate.query?.(context)
  return {
    gate: gate.name,
    question: gate.question,
    ...answer,
    ...(checklist !== undefined && { checklist: [...checklist] }),
    evidence: [...evidence],
    ...(query !== undefined && { query }),
    at: startedAt.toISOString(),
    tookMs: Math.max(0, context.clock.now().getTime() - startedAt.getTime()),
  }
}

const notAsked: Answer = { verdict: 'skipped', answer: 'Switched off in the runbook file.' }

/** When nothing has been written yet. */
const beforeWriting: ReadonlySet<Occasion> = new Set(['preflight', 'approve', 're-check'])

/** Why an answer that is not good does not stop, in words; undefined where it does. */
function softening(
  { isRecordedOnlyForHotfix = false }: Pick<Gate, 'isRecordedOnlyForHotfix'>,
  mode: Mode,
  { record, occasion }: Subject,
): string | undefined {
  if (isRecordedOnlyForHotfix && record.class === 'hotfix' && beforeWriting.has(occasion)) {
    return 'recorded, not blocking for a hotfix'
  }
  return mode === 'warn' ? 'but only a warning here' : undefined
}

/** What only warns keeps its words, so that nobody takes it for a pass, and never sends a release back. */
function softenedBy(answer: Answer, why: string | undefined): Answer {
  if (why === undefined) return answer
  const { trigger: _, ...rest } = answer
  if (answer.verdict === 'pass' || answer.verdict === 'skipped') return rest
  return { ...rest, verdict: 'warn', answer: `${answer.verdict}, ${why}: ${answer.answer}` }
}

async function measured<Needs extends keyof Sources>(
  gate: Gate<Needs>,
  context: GateContext<Needs>,
  signal: AbortSignal,
  gateMs: number,
): Promise<Answer> {
  const timeoutMs = Math.max(gateMs, gate.patienceMs?.(context.runbook) ?? 0)
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const work = async (): Promise<Answer> => gate.measure(context, AbortSignal.any([signal, timeout]))
    return await abortable(work(), timeout)
  } catch (error) {
    // A cancelled run is not an unanswered question: let the phase end as cancelled.
    if (signal.aborted) throw error
    if (timeout.aborted) return { verdict: 'unknown', answer: `Not answered within ${timeoutMs / 1000} s.` }
    const known = explain(error)
    const next = known instanceof UserError ? known.next : undefined
    return {
      verdict: 'unknown',
      answer: `Could not be measured: ${known.message}`,
      ...(known instanceof VariableMissing && { isLasting: true }),
      ...(next !== undefined && { evidence: [next] }),
    }
  }
}
