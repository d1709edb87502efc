import type { Outcome } from '@runbook-actions/shared/decide/outcome.ts'
import { shortDigest } from '@runbook-actions/shared/cluster/image.ts'
import type { GivenBack } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord, Run } from '@runbook-actions/shared/record/schema.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { gateEvidence, gateTable } from '@runbook-actions/shared/report/gate-table.ts'
import { cell, code, details, fence, inline, table } from '@runbook-actions/shared/report/markdown.ts'
import { receiptParts } from '@runbook-actions/shared/report/offset-receipt.ts'
import { formatTime } from '@runbook-actions/shared/report/numbers.ts'
import { ticketLink } from '@runbook-actions/shared/report/ticket-link.ts'
import { wokenParts } from '@runbook-actions/shared/action/woken-parts.ts'
import { humanDuration } from '@runbook-actions/shared/runbook/durations.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import type { Captured } from './capture.ts'
import { foreignSentence, type ForeignConfigMap } from './foreign-configuration.ts'
import { isWell } from './recovery.ts'
import type { ComponentRestored } from './restore.ts'
import { describePlan, isNothing, type RestorePlan } from './restore-plan.ts'
import type { Target } from './target.ts'

export type RollbackOutcome = Extract<
  Outcome,
  'passed' | 'rolled-back' | 'rollback-failed' | 'blocked' | 'cancelled'
>

export interface RollbackStory {
  readonly runbook: Runbook
  /** With this phase at its end. */
  readonly record: DeploymentRecord
  readonly target: Target
  readonly outcome: RollbackOutcome
  readonly reason: string
  readonly next?: string
  readonly plan: RestorePlan
  /** ConfigMaps that are put back although somebody else manages them. */
  readonly foreign: readonly ForeignConfigMap[]
  /** What became of the components that the deployment held awake. */
  readonly woken: GivenBack
  readonly restored: readonly ComponentRestored[]
  readonly gates: readonly GateResult[]
  readonly evidence: readonly Captured[]
  readonly run: Run
  readonly dryRun: boolean
  readonly command: string
}

/** For somebody who has just been woken: how it stands, what to do, why; then what was put back; the rest is folded. */
export function rollbackSummary(story: RollbackStory): SummaryPart[] {
  const { gates, evidence } = story
  const decision = (markdown: string): SummaryPart => ({ kind: 'decision', markdown })
  const bad = gates.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped')
  return [
    decision(headline(story)),
    ...(story.dryRun || story.outcome === 'blocked' ? [] : [decision(componentTable(story))]),
    decision(restoredLines(story)),
    ...(story.foreign.length > 0 ? [decision(foreignLines(story))] : []),
    ...receiptParts(story.record, story.runbook.window.timeZone),
    ...wokenParts(story.woken, story.record.namespace),
    ...(bad.length > 0 ? [decision(gateTable(bad))] : []),
    ...(gates.length > 0
      ? [decision(details(`Runbook: ${gates.length} lines answered`, gateTable(gates))), gateEvidence(gates)]
      : []),
    ...evidence.map(({ title, lines }): SummaryPart => ({
      kind: 'evidence',
      title: `Captured first: ${title}`,
      text: lines.join('\n'),
    })),
    decision(`**GitHub down?** The same from a terminal:\n\n${fence(story.command, 'bash')}`),
  ]
}

function headline(story: RollbackStory): string {
  const { record, target, outcome, reason, next, runbook, dryRun, plan } = story
  const where = inline(record.environment)
  const what = inline(target.version ?? target.what)
  const ended = record.phases.at(-1)
  const at = ended === undefined ? '' : formatTime(new Date(ended.endedAt), runbook.window.timeZone)
  const lines = [
    `Now ${at} · by ${byWhom(story)} · from ${inline(record.version)}${ticketLink(record)}`,
    '',
    `**Why:** ${inline(record.rollback?.reason ?? '')}`,
    ...approvedBy(record),
    `**Result:** ${inline(reason)}`,
  ]
  const head = (sign: string, state: string, action: string): string =>
    [`## ${sign} ${state}`, `**Do:** ${action}`, ...lines].join('\n')
  if (dryRun && outcome !== 'blocked') {
    const todo = isNothing(plan) ? 'nothing.' : 'read what would be put back, then run it without dry-run.'
    return `## 🔎 Dry run of a rollback of ${where} to ${what}: nothing was changed\n**Do:** ${todo}\n\n${inline(reason)}`
  }
  switch (outcome) {
    case 'passed':
      return head('✅', `${where} runs ${what} already`, 'nothing; to go back further, name another target.')
    case 'rolled-back':
      return head(
        '🟧',
        `${where} is back on ${what}`,
        story.gates.every(isWell)
          ? `${keepFirst(story)}mend the cause.${record.version === target.version ? '' : ` Deploying ${inline(record.version)} again needs a reason.`}`
          : `${keepFirst(story)}look at the metrics below again in some minutes.`,
      )
    case 'blocked':
      return head(
        '🟥',
        `${where} is frozen on ${inline(record.version)}: the database has another schema`,
        inline(next ?? ''),
      )
    case 'cancelled':
      return head('🟥', `The rollback of ${where} was stopped`, inline(next ?? ''))
    case 'rollback-failed':
      return head('🟥', `The rollback of ${where} to ${what} failed`, inline(next ?? ''))
  }
}

/** What another tool may undo comes before everything else. */
function keepFirst({ foreign }: RollbackStory): string {
  if (foreign.length === 0) return ''
  const names = foreign.map(({ name, owner }) => `${inline(name)} in ${inline(owner.name)}`)
  return `take the change of ${names.join(', ')} back as well, or it comes again; then `
}

function foreignLines({ foreign }: RollbackStory): string {
  return foreign.map((each) => `- ⚠️ ${inline(foreignSentence(each))}`).join('\n')
}

function approvedBy({ rollback }: DeploymentRecord): string[] {
  if (rollback?.approval === undefined) return []
  const { by, environment, comment, seenAt } = rollback.approval
  const said = comment === '' ? '' : `: ${inline(comment)}`
  return [`**Approved by:** @${inline(by)} for ${inline(environment)}, seen at ${inline(seenAt)}${said}`]
}

/** A run that went back by itself is no person, whoever started it. */
function byWhom({ record: { rollback }, run }: RollbackStory): string {
  return rollback?.cause === undefined ? inline(run.actor) : `the run itself, ${rollback.cause}`
}

function componentTable({ plan, restored }: RollbackStory): string {
  const rows = plan.steps.map(({ deployment }) => {
    const done = restored.find((each) => each.deployment === deployment)
    return [
      cell(deployment),
      cell(statusOf(done)),
      done?.deployed === undefined ? '–' : code(shortDigest(done.deployed.digest)),
      done?.deployed === undefined ? '–' : cell(String(done.deployed.pods)),
      done?.end === undefined ? '–' : cell(String(done.end.fewestReady)),
    ]
  })
  const columns = ['Component', 'State', 'Digest on the pods', 'Pods', 'Fewest Ready'].map((title) => ({
    title,
  }))
  return table(columns, rows)
}

function statusOf(done: ComponentRestored | undefined): string {
  if (done === undefined) return 'not touched'
  if (done.problem !== undefined) return `❌ ${done.problem}`
  return done.written ? '✅ put back' : '✅ was as it was'
}

function restoredLines({ plan, restored, target, record, outcome, dryRun }: RollbackStory): string {
  if (dryRun || outcome === 'blocked') {
    const would = describePlan(plan)
    return would.length === 0
      ? ''
      : `**Would put back:**\n\n${would.map((line) => `- ${inline(line)}`).join('\n')}`
  }
  const written = restored.filter((each) => each.written).length
  const phase = record.phases.at(-1)
  const took =
    phase === undefined ? '' : ` in ${humanDuration(Date.parse(phase.endedAt) - Date.parse(phase.startedAt))}`
  const secrets = target.state.secrets
  return [
    ...plan.canaries.map(({ name }) => `- Removed: ${inline(name)}, a canary that was left`),
    `- Restored: ${[...plan.configMaps.map(({ name }) => `ConfigMap ${inline(name)}`), `${written} ${written === 1 ? 'Deployment' : 'Deployments'}`].join(', ')}${took}`,
    `- **Not restored:** offsets that ${inline(record.version)} has committed${secrets.length > 0 ? `; Secrets (${secrets.map(inline).join(', ')})` : ''}; the database`,
  ].join('\n')
}
