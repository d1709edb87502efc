import type { Verdict } from '../decide/verdict.ts'
import type { GateResult } from '../record/gate-result.ts'
import type { SummaryPart } from './fit-summary.ts'
import { cell, table } from './markdown.ts'
import { formatDuration } from './numbers.ts'

/** How a verdict looks in a table; always beside words, never instead of them. */
export const verdictSigns: Readonly<Record<Verdict, string>> = {
  fail: '❌',
  unknown: '❓',
  inconclusive: '❔',
  warn: '⚠️',
  pass: '✅',
  skipped: '➖',
}

/** The questions and their answers, the worst first. */
export function gateTable(results: readonly GateResult[]): string {
  const order = Object.keys(verdictSigns)
  const rows = results
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
    .map((result) => [
      verdictSigns[result.verdict],
      cell(result.question),
      cell(
        result.verdict === 'pass' || result.verdict === 'warn'
          ? result.answer
          : `${result.verdict}: ${result.answer}`,
      ),
      cell(result.value ?? ''),
      cell(result.limit ?? ''),
    ])
  return table(
    [{ title: '' }, { title: 'Runbook' }, { title: 'Answer' }, { title: 'Now' }, { title: 'Limit' }],
    rows,
  )
}

/** What shows the answers, folded: for whoever doubts them. */
export function gateEvidence(results: readonly GateResult[]): SummaryPart[] {
  return results
    .filter((result) => result.evidence.length > 0 || result.query !== undefined)
    .map((result) => ({
      kind: 'evidence' as const,
      title: `${result.gate}: ${result.verdict}, measured in ${formatDuration(result.tookMs)}`,
      text: [...(result.query === undefined ? [] : [`$ ${result.query}`]), ...result.evidence].join('\n'),
    }))
}
