import { imageLabel, shortDigest } from '@runbook-actions/shared/cluster/image.ts'
import type { RolloutEnd } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import type {
  DeployedComponent,
  DeploymentRecord,
  PlannedComponent,
} from '@runbook-actions/shared/record/schema.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { cell, code, fence, inline, table } from '@runbook-actions/shared/report/markdown.ts'
import type { ComponentRollout } from './component-rollout.ts'
import { goBackCommands } from './go-back.ts'

export interface RolloutStory {
  readonly record: DeploymentRecord
  readonly outcome: 'passed' | 'failed' | 'cancelled'
  readonly reason: string
  readonly rolled: readonly ComponentRollout[]
  readonly dryRun: boolean
}

/** The first lines say how the environment stands and what to do; then each component; the evidence is folded. */
export function rolloutSummary(story: RolloutStory): SummaryPart[] {
  const { record, rolled } = story
  const decision = (markdown: string): SummaryPart => ({ kind: 'decision', markdown })
  const back = goBackCommands(record, rolled)
  return [
    decision(headline(story)),
    decision(componentTable(record, rolled)),
    ...(story.outcome === 'passed' || back.length === 0
      ? []
      : [
          decision(
            `**Go back**, in this order. Automatic rollback is not built in yet:\n\n${fence(back.join('\n'), 'bash')}`,
          ),
        ]),
    ...podEvidence(rolled),
  ]
}

function podEvidence(rolled: readonly ComponentRollout[]): SummaryPart[] {
  const lines = rolled.flatMap(({ component, end }) =>
    end === undefined ? [] : [`# ${component.deployment}`, ...end.evidence],
  )
  return lines.length === 0 ? [] : [{ kind: 'evidence', title: 'Pods', text: lines.join('\n') }]
}

function headline({ record, outcome, reason, rolled, dryRun }: RolloutStory): string {
  const where = inline(record.environment)
  const version = inline(record.version)
  const written = rolled.filter((change) => change.written).length
  if (dryRun) return `## 🔎 Dry run of ${version} on ${where}: nothing was changed\n**Do:** nothing.`
  if (outcome === 'passed' && written === 0)
    return `## ✅ ${where} runs ${version} already\n**Do:** nothing. ${inline(reason)}`
  if (outcome === 'passed')
    return `## ✅ ${version} is rolled out to ${where}\n**Do:** nothing: it is validated next.`
  const state = written === 0 ? 'is unchanged' : 'runs two versions'
  const what = outcome === 'cancelled' ? 'was cancelled' : 'failed'
  const action =
    written === 0
      ? 'mend the cause, then run it again.'
      : 'decide now: go back by the commands below, or mend the cause and run the job again.'
  return `## 🟥 ${version} ${what}: ${where} ${state}\n**Do:** ${action}\n\n**Why:** ${inline(reason)}`
}

function componentTable(record: DeploymentRecord, rolled: readonly ComponentRollout[]): string {
  const rows = record.plan.map((planned) => {
    const change = rolled.find(({ component }) => component.deployment === planned.deployment)
    return [
      cell(planned.deployment),
      code(imageLabel(planned.to, planned.from)),
      cell(planned.strategy),
      cell(statusOf(change)),
      change?.end === undefined ? '–' : cell(`${change.end.fewestReady} of ${planned.replicas}`),
      change?.deployed === undefined ? '–' : code(shortDigest(change.deployed.digest)),
    ]
  })
  const columns = ['Component', 'Image', 'How', 'State', 'Fewest Ready', 'Digest on the pods'].map(
    (title) => ({ title }),
  )
  return table(columns, rows)
}

function statusOf(change: ComponentRollout | undefined): string {
  if (change === undefined) return 'not touched'
  if (change.end === undefined) return change.written ? 'written' : 'nothing stored'
  if (change.end.outcome === 'failed') return '❌ failed'
  return change.written ? '✅ rolled out' : '✅ had it already'
}
