import type { Verdict } from '../decide/verdict.ts'
import type { GateResult } from '../record/gate-result.ts'
import { humanDuration } from '../runbook/durations.ts'
import type { SummaryPart } from './fit-summary.ts'
import { cell, table } from './markdown.ts'

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

/** What shows the answers and how to ask again by hand, folded: for whoever doubts them. */
export function gateEvidence(results: readonly GateResult[]): SummaryPart {
  const blocks = results.map(({ gate, verdict, tookMs, query, evidence }) =>
    [
      `# ${gate}: ${verdict}, measured in ${humanDuration(tookMs)}`,
      ...(query === undefined ? [] : [`$ ${query}`]),
      ...evidence,
    ].join('\n'),
  )
  return { kind: 'evidence', title: `Runbook: ${results.length} lines answered`, text: blocks.join('\n\n') }
}
