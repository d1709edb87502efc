import { imageLabel } from '@runbook-actions/shared/cluster/image.ts'
import type { Outcome } from '@runbook-actions/shared/decide/outcome.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { asFound } from '@runbook-actions/shared/report/as-found.ts'
import { checklistAnswers } from '@runbook-actions/shared/report/checklist-answers.ts'
import { gateEvidence, gateTable } from '@runbook-actions/shared/report/gate-table.ts'
import { cell, code, inline, table } from '@runbook-actions/shared/report/markdown.ts'
import { ticketLink } from '@runbook-actions/shared/report/ticket-link.ts'

/** What the approver reads: may it go on, what will change, and what shows it. */
export function checkSummary(
  occasion: 'preflight' | 're-check',
  record: DeploymentRecord,
  gates: readonly GateResult[],
  outcome: Outcome,
): SummaryPart[] {
  return [
    { kind: 'decision', markdown: headline(occasion, record, outcome) },
    { kind: 'decision', markdown: gateTable(gates) },
    ...checklistAnswers(gates, record),
    { kind: 'decision', markdown: changes(record) },
    gateEvidence(gates),
  ]
}

function headline(occasion: 'preflight' | 're-check', record: DeploymentRecord, outcome: Outcome): string {
  const { version, environment, approval, class: changeClass, from, run, ticket } = record
  const what = `${inline(version)} on ${inline(environment)}`
  const about = `${inline(changeClass)} change over ${inline(from?.version ?? 'what runs now')} · by @${inline(run.actor)}${ticketLink({ ticket })}`
  if (outcome !== 'passed') {
    const { state, action } = asFound(record)
    return `## 🟥 ${inline(version)} is blocked: ${inline(environment)} ${inline(state)}\n**Do:** ${action}\n${about}`
  }
  return occasion === 're-check'
    ? `## ✅ ${what}: still as it was approved\n**Do:** nothing: it is rolled out now.\n${about}`
    : `## ✅ ${what}: ready\n**Do:** whoever approves for ${inline(approval)}: read the lines below, then approve or reject.\n${about}`
}

function changes({ plan }: DeploymentRecord): string {
  const rows = plan.map(({ deployment, from, to, strategy, manifest }) => [
    cell(deployment),
    code(imageLabel(from)),
    code(imageLabel(to, from)),
    cell(manifest === undefined ? strategy : `${strategy}; applies ${manifest}`),
  ])
  return table(
    ['Component', 'Runs', 'Will run', 'How'].map((title) => ({ title })),
    rows,
  )
}
