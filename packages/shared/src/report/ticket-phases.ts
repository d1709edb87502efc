import type { Outcome } from '../decide/outcome.ts'
import { isAfterwards } from '../record/going-back.ts'
import type { DeploymentRecord, Phase } from '../record/schema.ts'
import { humanDuration } from '../runbook/durations.ts'
import type { Runbook } from '../runbook/schema.ts'
import { clip } from './clip.ts'
import { diagnosisAdvice, diagnosisEvidence } from './diagnosis.ts'
import type { SummaryPart } from './fit-summary.ts'
import { gateEvidence, gateTable } from './gate-table.ts'
import { cell, details, table } from './markdown.ts'
import { formatTime } from './numbers.ts'
import type { TicketStory } from './ticket-story.ts'

interface Told {
  readonly name: string
  readonly phase: Phase
}

/** Every phase with how it ended, why and when; then the answers of those that asked; what shows them is folded. */
export function phasesSection(
  { record, staging }: TicketStory,
  runbook: Runbook,
  maxText: number,
): SummaryPart[] {
  const told = inOrder(record, staging)
  const asked = newestOf(told).filter(({ phase }) => phase.gates.length > 0)
  return [
    {
      kind: 'decision',
      markdown: `**Phases**:\n\n${phaseTable(told, runbook.window.timeZone, maxText)}${stagingLine(record)}`,
    },
    ...diagnosed(told, runbook.document),
    ...asked.map(({ name, phase }) => answers(name, phase, maxText)),
    ...(asked.length === 0 ? [] : [gateEvidence(asked.flatMap(({ phase }) => phase.gates))]),
  ]
}

/** Why the deployment could not succeed, as long as that is how things stand: also where it was taken back for that. */
function diagnosed(told: readonly Told[], document: string | undefined): SummaryPart[] {
  const diagnosis = told.findLast(({ phase }) => !isAfterwards(phase))?.phase.diagnosis
  if (diagnosis === undefined) return []
  return [{ kind: 'decision', markdown: diagnosisAdvice(diagnosis, document) }, diagnosisEvidence(diagnosis)]
}

/** Production's phases after those of staging, which stand after the plan. */
function inOrder(record: DeploymentRecord, staging: DeploymentRecord | undefined): Told[] {
  const own = record.phases.map((phase) => ({ name: phase.phase, phase }))
  const others = (staging?.phases ?? []).map((phase) => ({ name: `staging: ${phase.phase}`, phase }))
  return [...own, ...others].toSorted((a, b) => Date.parse(a.phase.startedAt) - Date.parse(b.phase.startedAt))
}

/** A phase that was run again is told by its last end. */
function newestOf(told: readonly Told[]): Told[] {
  return [...new Map(told.map((each) => [each.name, each])).values()]
}

const signs: Partial<Record<Outcome, string>> = { passed: '✅', 'rolled-back': '🟧' }

function phaseTable(told: readonly Told[], timeZone: string, maxText: number): string {
  const rows = told.map(({ name, phase: { outcome, reason, startedAt, endedAt } }) => [
    `${signs[outcome] ?? '🟥'} ${cell(name)}`,
    cell(outcome),
    cell(clip(reason, maxText)),
    formatTime(new Date(endedAt), timeZone),
    humanDuration(Date.parse(endedAt) - Date.parse(startedAt)),
  ])
  return table(
    ['Phase', 'Outcome', 'Reason', 'Ended', 'Took'].map((title) => ({ title })),
    rows,
  )
}

/** What the record of production keeps of staging. */
function stagingLine({ staging }: DeploymentRecord): string {
  if (staging === undefined) return ''
  const pods = staging.components.reduce((sum, { pods: count }) => sum + count, 0)
  return `\n\nStaging: ${cell(staging.outcome)}, ${pods} pods of ${staging.components.length} components`
}

function answers(name: string, { outcome, gates }: Phase, maxText: number): SummaryPart {
  const shown = gateTable(gates.map((gate) => ({ ...gate, answer: clip(gate.answer, maxText) })))
  const title = `${name}: ${gates.length} ${gates.length === 1 ? 'line' : 'lines'} of the runbook answered`
  return {
    kind: 'decision',
    markdown: outcome === 'passed' ? details(title, shown) : `**${cell(title)}**:\n\n${shown}`,
  }
}
