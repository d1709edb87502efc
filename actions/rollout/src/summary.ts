import { describeChange } from '@runbook-actions/shared/cluster/object-diff.ts'
import { imageLabel, shortDigest } from '@runbook-actions/shared/cluster/image.ts'
import { describeHeld } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { sleepersOf, type Sleeper } from '@runbook-actions/shared/record/sleeper.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { cell, code, fence, inline, table } from '@runbook-actions/shared/report/markdown.ts'
import { waitForRollback } from '@runbook-actions/shared/report/goes-back.ts'
import { waysBack } from '@runbook-actions/shared/report/rollback-command.ts'
import { ticketLink } from '@runbook-actions/shared/report/ticket-link.ts'
import { diagnosisAdvice, diagnosisEvidence } from '@runbook-actions/shared/report/diagnosis.ts'
import { asFound } from '@runbook-actions/shared/report/as-found.ts'
import { availabilityOf, type ComponentRollout } from './component-rollout.ts'
import { goBackCommands } from './go-back.ts'

export type RolloutOutcome = 'passed' | 'blocked' | 'failed' | 'cancelled'

export interface RolloutStory {
  readonly record: DeploymentRecord
  readonly outcome: RolloutOutcome
  readonly reason: string
  readonly rolled: readonly ComponentRollout[]
  /** Deployments that may differ from the snapshot. */
  readonly changed: ReadonlySet<string>
  /** Components that are held awake still, where the rollout did not pass. */
  readonly held: readonly Sleeper[]
  /** The next job puts back what was changed. */
  readonly isGoingBack: boolean
  readonly dryRun: boolean
  /** Address of the team's runbook, where the runbook file names it. */
  readonly document?: string
}

/** The first lines say how the environment stands and what to do; then each component; the evidence is folded. */
export function rolloutSummary(story: RolloutStory): SummaryPart[] {
  const { record, rolled, changed, held, document } = story
  const diagnosis = rolled.at(-1)?.diagnosis
  const decision = (markdown: string): SummaryPart => ({ kind: 'decision', markdown })
  const back = goBackCommands(record, changed, held)
  return [
    decision(headline(story)),
    decision(componentTable(record, rolled)),
    ...availability(rolled),
    ...woken(story),
    ...changeParts(story),
    ...(story.outcome === 'passed' || back.length === 0 ? [] : [decision(waysBack(record, back))]),
    ...(diagnosis === undefined
      ? []
      : [decision(diagnosisAdvice(diagnosis, document)), diagnosisEvidence(diagnosis)]),
    ...podEvidence(rolled),
  ]
}

/** What the API server says that the writes change; of a dry run it is the answer. */
function changeParts({ rolled, dryRun }: RolloutStory): SummaryPart[] {
  const lines = rolled.flatMap(({ changes }) =>
    changes.flatMap(({ object, fields }) => [`# ${object}`, ...fields.map(describeChange)]),
  )
  if (lines.length === 0) return []
  const text = lines.join('\n')
  return dryRun
    ? [{ kind: 'decision', markdown: `**Would change:**\n\n${fence(text)}` }]
    : [{ kind: 'evidence', title: 'What changed', text }]
}

/** Whether the runbook's "Downtime: none" held, for what was rolled and has pods. */
function availability(rolled: readonly ComponentRollout[]): SummaryPart[] {
  const seen = availabilityOf(rolled)
  if (seen.length === 0) return []
  const short = seen.flatMap(({ deployment, promisedReady, fewestReady }) => {
    const name = inline(deployment)
    if (fewestReady === 0) return [`${name} had no pod Ready for a time`]
    return fewestReady < promisedReady
      ? [
          `${name} had only ${fewestReady} pods Ready at one time, where its strategy promises ${promisedReady}`,
        ]
      : []
  })
  const markdown =
    short.length === 0
      ? 'Downtime: none. No component had fewer pods Ready than its strategy promises.'
      : `⚠️ Downtime: ${short.join('; ')}.`
  return [{ kind: 'decision', markdown }]
}

/** Which components have pods for their validation only. */
function woken({ outcome, rolled, dryRun }: RolloutStory): SummaryPart[] {
  const sleepers = sleepersOf(rolled.filter(({ isWoken }) => isWoken).map(({ component }) => component))
  if (outcome !== 'passed' || sleepers.length === 0) return []
  const how = dryRun ? 'Would be woken' : 'Woken'
  const markdown = `**${how} for the validation, which gives it back:** ${inline(describeHeld(sleepers))}.`
  return [{ kind: 'decision', markdown }]
}

function podEvidence(rolled: readonly ComponentRollout[]): SummaryPart[] {
  const lines = rolled.flatMap(({ component, end }) =>
    end === undefined ? [] : [`# ${component.deployment}`, ...end.evidence],
  )
  return lines.length === 0 ? [] : [{ kind: 'evidence', title: 'Pods', text: lines.join('\n') }]
}

function headline({ record, outcome, reason, rolled, changed, isGoingBack, dryRun }: RolloutStory): string {
  const where = inline(record.environment)
  const version = inline(record.version)
  const ticket = ticketLink(record)
  const written = rolled.filter((change) => change.written).length
  if (dryRun) {
    const todo = outcome === 'blocked' ? `mend this first. ${inline(reason)}` : 'nothing.'
    return `## 🔎 Dry run of ${version} on ${where}: nothing was changed\n**Do:** ${todo}`
  }
  if (outcome === 'passed' && written === 0)
    return `## ✅ ${where} runs ${version} already\n**Do:** nothing. ${inline(reason)}${ticket}`
  if (outcome === 'passed')
    return `## ✅ ${version} is rolled out to ${where}\n**Do:** nothing: it is validated next.${ticket}`
  const found = asFound(record)
  const state = changed.size === 0 ? inline(found.state) : 'runs two versions'
  const what = { blocked: 'is blocked', failed: 'failed', cancelled: 'was cancelled' }[outcome]
  const action =
    changed.size === 0
      ? found.action
      : isGoingBack
        ? waitForRollback
        : 'decide now: go back as told below, or mend the cause and run the job again.'
  return `## 🟥 ${version} ${what}: ${where} ${state}\n**Do:** ${action}${ticket}\n\n**Why:** ${inline(reason)}`
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
