import { outcomes } from '../decide/outcome.ts'
import { asTold } from '../record/as-told.ts'
import { checklistOf, type Task } from '../record/checklist.ts'
import { deploymentName, rollbackMarker, ticketMarker } from '../record/ticket-marker.ts'
import { watchStages, type DeploymentRecord } from '../record/schema.ts'
import type { Runbook } from '../runbook/schema.ts'
import { clip } from './clip.ts'
import { fitSummary, type SummaryPart } from './fit-summary.ts'
import { inline } from './markdown.ts'
import { receiptLines } from './offset-receipt.ts'
import { visible } from './sanitise.ts'
import { changesSection } from './ticket-changes.ts'
import { checklistSection } from './ticket-checklist.ts'
import { phasesSection } from './ticket-phases.ts'
import {
  headSection,
  monitoringSection,
  peopleSection,
  riskSection,
  rollbackSection,
} from './ticket-sections.ts'
import { standingOf, stateLines, tellingPhase, type Standing } from './ticket-state.ts'
import { healedLines, openAnswers, watchTable } from './watch-table.ts'
import type { TicketStory } from './ticket-story.ts'

/** What GitHub takes for an issue, in characters. Bytes are counted here: there are never fewer of them. */
export const maxTicketLength = 65_536

const maxTitleLength = 256

/** How much of one text (a reason, a title) is shown: the first at which the whole fits. */
const textLengths = [1_000, 300, 100, 30] as const

/** A ticket as the forge keeps it. */
export interface RenderedTicket {
  readonly title: string
  readonly body: string
  /** All of the runbook's labels, and one that says how it ended where that was not well. */
  readonly labels: readonly string[]
  readonly state: 'open' | 'closed'
}

/**
 * The deployment ticket: how the environment stands first, then the runbook's own template filled in, then what each
 * phase found. Nothing that came from outside is markup in it. It is the same text for the same story.
 */
export function renderTicket(given: TicketStory, runbook: Runbook): RenderedTicket {
  const story = { ...given, record: asTold(given.record) }
  const { record, isDone = false } = story
  const standing = standingOf(story, runbook)
  const { version, environment, class: changeClass } = record
  const title = clip(visible(`Deploy ${version} to ${environment} (${changeClass})`), maxTitleLength)
  const bad = standing.bad === undefined ? [] : [outcomeLabel(standing.bad, runbook)]
  return {
    title,
    // Found again by its own name, not by the one that people read.
    body: body(story, runbook, standing, ticketMarker(deploymentName(given.record))),
    labels: [...runbook.ticket.labels, ...bad],
    state: isOver(record) || (isDone && standing.bad === undefined) ? 'closed' : 'open',
  }
}

/** Whether a person has ended it before anything was changed: there is nothing left to follow. */
function isOver(record: DeploymentRecord): boolean {
  return record.rejection !== undefined && tellingPhase(record)?.phase === 'approve'
}

/** The labels that a ticket keeps: those that people gave it, and those that are due now. */
export function ticketLabels(
  existing: readonly string[],
  { labels }: RenderedTicket,
  runbook: Runbook,
): string[] {
  const ours = new Set<string>(outcomes.map((outcome) => outcomeLabel(outcome, runbook)))
  return [...new Set([...existing.filter((label) => !ours.has(label)), ...labels])]
}

function outcomeLabel(outcome: string, { ticket }: Runbook): string {
  return `${ticket.labels[0] ?? 'deployment'}-${outcome}`
}

function body(story: TicketStory, runbook: Runbook, standing: Standing, marker: string): string {
  const fitted = (maxText: number): string =>
    fitSummary(
      [...parts(story, runbook, standing, maxText), lastLines(story.record, marker)],
      maxTicketLength,
    )
  const maxText = textLengths.find((length) => Buffer.byteLength(fitted(length)) <= maxTicketLength)
  return fitted(maxText ?? Math.min(...textLengths)).trimEnd()
}

function parts(story: TicketStory, runbook: Runbook, standing: Standing, maxText: number): SummaryPart[] {
  const { record, tasks = new Map<string, Task>() } = story
  const decision = (markdown: string): SummaryPart => ({ kind: 'decision', markdown })
  const why = standing.why === undefined ? {} : { why: clip(standing.why, maxText) }
  return [
    decision(stateLines(story, runbook, { ...standing, ...why })),
    ...receiptLines(record, runbook.window.timeZone).map(decision),
    ...watchSection(record, runbook.window.timeZone, standing.why).map(decision),
    decision(headSection(record)),
    ...changesSection(record, runbook, maxText),
    decision(riskSection(record, runbook)),
    decision(rollbackSection(record)),
    decision(monitoringSection(record, runbook)),
    decision(peopleSection(record, maxText)),
    ...checklistSection(checklistOf(record, runbook), tasks).map(decision),
    ...phasesSection(story, runbook, maxText),
    decision(
      `${earlierAttempts(record)}Each phase writes this text anew and keeps the ticks; add what you have to say as a comment.`,
    ),
  ]
}

function lastLines({ rollback, run }: DeploymentRecord, marker: string): SummaryPart {
  const lines = [...(rollback === undefined ? [] : [rollbackMarker(run.attempt)]), marker]
  return { kind: 'decision', markdown: lines.join('\n') }
}

/** A run that is run again goes on in the ticket that it has. */
function earlierAttempts({ run }: DeploymentRecord): string {
  return run.attempt === '1'
    ? ''
    : `This is attempt ${inline(run.attempt)} of the run: what the ones before it told stands in the history of this text. `
}

/** What is watched now, or was watched last. */
function watchSection(
  { watch, phases }: DeploymentRecord,
  timeZone: string,
  why: string | undefined,
): string[] {
  const ended = phases.findLast(({ phase, gates }) => isWatchStage(phase) && gates.length > 0)
  const { gates = [], troubles = [] } = watch ?? ended ?? {}
  return gates.length === 0
    ? []
    : [watchTable(gates), openAnswers(gates, why), healedLines(troubles, timeZone)]
}

function isWatchStage(phase: string): boolean {
  return (watchStages as readonly string[]).includes(phase)
}
