import { worst, type Verdict } from '../decide/verdict.ts'
import { explained } from '../errors.ts'
import type { Forge, OpenIssue } from '../github/forge.ts'
import type { Alerts, FiringAlert } from '../metrics/alerts.ts'
import type { Runbook } from '../runbook/schema.ts'
import { neededForge } from './forge-needed.ts'
import type { Gate } from './gate.ts'
import { counted } from './released-commits.ts'

/** A deployment in the middle of an incident hides its cause, or adds to it. */
export const noActiveIncident: Gate<'forge' | 'alerts' | 'clock'> = {
  name: 'no-active-incident',
  question: 'Verify no active incidents',
  occasions: ['preflight', 're-check'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.incidents.mode,
  query: ({ runbook }) =>
    runbook.gates.incidents.labels.map((label) => `gh issue list --state open --label '${label}'`).join('; '),
  async measure({ runbook, forge, alerts }, signal) {
    const findings = await Promise.all([
      found(() => issues(runbook, neededForge(forge), signal), signal),
      found(() => firing(runbook, alerts, signal), signal),
    ])
    return {
      verdict: worst(findings.map(({ verdict }) => verdict)),
      answer: findings.map(({ sentence }) => sentence).join(' '),
      evidence: findings.flatMap(({ evidence }) => evidence),
    }
  },
}

interface Finding {
  readonly verdict: Verdict
  readonly sentence: string
  readonly evidence: readonly string[]
}

/** What cannot be reached blocks, and does not hide what was found elsewhere. */
async function found(look: () => Promise<Finding>, signal: AbortSignal): Promise<Finding> {
  try {
    return await look()
  } catch (error) {
    signal.throwIfAborted()
    return { verdict: 'unknown', sentence: explained(error), evidence: [] }
  }
}

async function issues(runbook: Runbook, forge: Forge, signal: AbortSignal): Promise<Finding> {
  const { labels } = runbook.gates.incidents
  if (labels.length === 0) {
    return { verdict: 'skipped', sentence: 'The runbook file names no label of incidents.', evidence: [] }
  }
  const listed = await Promise.all(labels.map((label) => forge.openIssues(label, signal)))
  const open = [...new Map(listed.flat().map((issue) => [issue.number, issue])).values()]
  const named = labels.map((label) => `"${label}"`).join(' or ')
  if (open.length === 0) {
    return { verdict: 'pass', sentence: `No open issue is labelled ${named}.`, evidence: [] }
  }
  return {
    verdict: 'fail',
    sentence: `${counted(open.length, 'incident')} ${open.length === 1 ? 'is' : 'are'} open: ${some(open.map(issueName))}.`,
    evidence: open.map(
      (issue) => `${issueName(issue)}, open since ${issue.openedAt.toISOString()}: ${issue.url}`,
    ),
  }
}

async function firing(runbook: Runbook, alerts: Alerts, signal: AbortSignal): Promise<Finding> {
  const { severities } = runbook.gates.incidents
  if (alerts.source === undefined) {
    return {
      verdict: 'skipped',
      sentence: 'Alerts are not asked: the runbook file names neither Alertmanager nor Prometheus.',
      evidence: [],
    }
  }
  const all = await alerts.firing(signal)
  const counting = all.filter(({ labels }) => severities.includes(labels.severity ?? ''))
  const loud = counting.filter(({ muted: why }) => why === undefined)
  const muted = counting.filter(({ muted: why }) => why !== undefined)
  const others = all.length - counting.length
  const evidence = [
    ...loud.map(alertLine),
    ...muted.map((alert) => `${alert.muted ?? 'muted'}: ${alertLine(alert)}`),
    ...(others === 0 ? [] : [`${countedFiring(others)}, of other severities than ${severities.join(', ')}`]),
  ]
  const silence =
    muted.length === 0 ? '' : ` ${countedFiring(muted.length)} muted: ${some(muted.map(({ name }) => name))}.`
  if (loud.length > 0) {
    return {
      verdict: 'fail',
      sentence: `Alerts fire: ${some(loud.map(({ name }) => name))}.${silence}`,
      evidence,
    }
  }
  const sentence = `No alert of severity ${severities.join(' or ')} fires at ${alerts.source}.${silence}`
  return { verdict: muted.length > 0 ? 'warn' : 'pass', sentence, evidence }
}

function countedFiring(count: number): string {
  return count === 1 ? '1 alert fires' : `${count} alerts fire`
}

function issueName({ number, title }: OpenIssue): string {
  return `#${number} ${title}`
}

function alertLine({ name, labels, since, summary }: FiringAlert): string {
  const about = Object.entries(labels).filter(([label]) => label !== 'alertname')
  const of = about.length === 0 ? '' : ` {${about.map(([label, value]) => `${label}="${value}"`).join(', ')}}`
  return `${name}${of}${since === undefined ? '' : ` since ${since.toISOString()}`}${summary === '' ? '' : `: ${summary}`}`
}

function some(names: readonly string[]): string {
  const distinct = [...new Set(names)]
  return [...distinct.slice(0, 3), ...(distinct.length > 3 ? [`${distinct.length - 3} more`] : [])].join(', ')
}
