import { imageLabel } from '@runbook-actions/shared/cluster/image.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { gateEvidence, gateTable } from '@runbook-actions/shared/report/gate-table.ts'
import { cell, code, inline, table } from '@runbook-actions/shared/report/markdown.ts'
import { waysBack } from '@runbook-actions/shared/report/rollback-command.ts'
import { ticketLink } from '@runbook-actions/shared/report/ticket-link.ts'
import type { Progress } from './standing.ts'

/** How a deployment is found whose job ended without a word. */
export interface ResumeStory {
  readonly record: DeploymentRecord
  readonly standing: ReadonlyMap<string, Progress>
  /** What the first line says became of the version: `is frozen`. */
  readonly what: string
  readonly reason: string
  readonly next: string
  readonly gates: readonly GateResult[]
  /** The way back, where it is nobody else's turn. */
  readonly back: readonly string[]
}

/** Where nothing more is written: how the environment stands and the two ways out. */
export function frozenSummary(story: ResumeStory): SummaryPart[] {
  const { record, standing, what, reason, next, gates, back } = story
  const state = `${inline(record.environment)} ${stateOf(record, standing)}`
  const decision = (markdown: string): SummaryPart => ({ kind: 'decision', markdown })
  return [
    decision(
      `## 🟥 ${inline(record.version)} ${what}: ${state}\n**Do:** ${inline(next)}${ticketLink(record)}\n\n**Why:** ${inline(reason)}`,
    ),
    decision(standingTable(record, standing)),
    ...(back.length === 0 ? [] : [decision(waysBack(record, back))]),
    ...(gates.length === 0 ? [] : [decision(gateTable(gates)), gateEvidence(gates)]),
  ]
}

/** Where the rollout was over when its job ended. */
export function goesOnSummary({ version, environment }: DeploymentRecord, reason: string): SummaryPart[] {
  const markdown = `## ✅ ${inline(version)} is rolled out to ${inline(environment)} already\n**Do:** nothing: what is left goes on. ${inline(reason)}`
  return [{ kind: 'decision', markdown }]
}

/** What the environment runs, after its name. */
function stateOf({ version }: DeploymentRecord, standing: ReadonlyMap<string, Progress>): string {
  const found = new Set(standing.values())
  if (found.size > 1) return 'runs two versions'
  if (found.has('rolled out')) return `runs ${inline(version)}, not validated`
  return found.has('untouched') ? 'is unchanged' : 'runs two versions'
}

function standingTable({ plan }: DeploymentRecord, standing: ReadonlyMap<string, Progress>): string {
  const rows = plan.map(({ deployment, from, to }) => [
    cell(deployment),
    code(imageLabel(to, from)),
    cell(standing.get(deployment) ?? ''),
  ])
  return table(
    ['Component', 'Image', 'State'].map((title) => ({ title })),
    rows,
  )
}
