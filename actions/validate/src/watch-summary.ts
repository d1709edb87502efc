import type { Outcome } from '@runbook-actions/shared/decide/outcome.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord, TroubleSpan, WatchStage } from '@runbook-actions/shared/record/schema.ts'
import { charts } from '@runbook-actions/shared/report/chart.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { gateEvidence } from '@runbook-actions/shared/report/gate-table.ts'
import { waitForRollback } from '@runbook-actions/shared/report/goes-back.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { formatTime } from '@runbook-actions/shared/report/numbers.ts'
import { waysBack } from '@runbook-actions/shared/report/rollback-command.ts'
import { ticketLink } from '@runbook-actions/shared/report/ticket-link.ts'
import { rollbackCommands } from '@runbook-actions/shared/report/ticket-rollback.ts'
import { healedLines, openAnswers, watchTable } from '@runbook-actions/shared/report/watch-table.ts'

/** What a watch tells. */
export interface WatchStory {
  readonly record: DeploymentRecord
  readonly stage: WatchStage
  readonly outcome: Outcome
  /** The next job puts back what ran before. */
  readonly isGoingBack: boolean
  readonly reason: string
  readonly gates: readonly GateResult[]
  readonly troubles: readonly TroubleSpan[]
  readonly until: Date
  readonly timeZone: string
  /** Kubernetes' own words, where they ended it. */
  readonly evidence: readonly string[]
}

/** How the environment stands first and what to do, then what was watched, then what shows it. */
export function watchSummary(story: WatchStory): SummaryPart[] {
  const { record, stage, outcome, reason, gates, troubles, timeZone, evidence } = story
  const decision = (markdown: string): SummaryPart => ({ kind: 'decision', markdown })
  return [
    decision(headline(story)),
    ...(gates.length === 0 ? [] : [decision(watchTable(gates)), decision(openAnswers(gates, reason))]),
    decision(healedLines(troubles, timeZone)),
    ...(outcome === 'passed' || stage === 'soak'
      ? []
      : [decision(waysBack(record, rollbackCommands(record)))]),
    ...(evidence.length === 0
      ? []
      : [{ kind: 'evidence', title: 'What Kubernetes says', text: evidence.join('\n') } as const]),
    decision(charts(gates, timeZone)),
    ...(gates.length === 0 ? [] : [gateEvidence(gates)]),
  ]
}

const signs: Partial<Record<Outcome, string>> = { passed: '✅', held: '🟨' }

function headline(story: WatchStory): string {
  const { record, stage, outcome, isGoingBack, reason, until, timeZone } = story
  const { version, environment, ticket, from } = record
  const what = `${inline(version)} in ${inline(environment)}`
  const back = inline(from?.version ?? 'what ran before')
  const about = `${stage} · until ${formatTime(until, timeZone)}${ticketLink({ ticket })}`
  const why = outcome === 'passed' ? '' : `\n\n**Why:** ${inline(reason)}`
  return `## ${signs[outcome] ?? '🟥'} ${what}: ${stateOf(outcome, stage)}\n**Do:** ${isGoingBack ? waitForRollback : todo(outcome, back)}\n${about}${why}`
}

function stateOf(outcome: Outcome, stage: WatchStage): string {
  switch (outcome) {
    case 'passed':
      return stage === 'soak' ? 'soaked, every limit held' : `every limit held (${stage})`
    case 'triggered':
      return 'it must go back'
    case 'cancelled':
      return 'it runs, and was not watched to the end'
    default:
      return 'it runs, and a person decides'
  }
}

function todo(outcome: Outcome, back: string): string {
  switch (outcome) {
    case 'passed':
      return 'nothing.'
    case 'triggered':
      return 'mend the cause and tag a new version.'
    case 'cancelled':
      return `run the job again to watch on, or go back to ${back}.`
    default:
      return `read why, then decide: go back to ${back}, or keep it and say why in the ticket.`
  }
}
