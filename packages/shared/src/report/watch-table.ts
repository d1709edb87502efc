import type { GateResult } from '../record/gate-result.ts'
import type { TroubleSpan } from '../record/schema.ts'
import { verdictSigns } from './gate-table.ts'
import { cell, inline, table } from './markdown.ts'
import { formatTime } from './numbers.ts'
import { sparkline } from './sparkline.ts'

/** What was watched: before the deployment, now, and how it went; the worst first. */
export function watchTable(results: readonly GateResult[]): string {
  const order = Object.keys(verdictSigns)
  const rows = results
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
    .map(({ gate, before, value, history, limit, verdict }) => [
      cell(gate.replaceAll('-', ' ')),
      cell(before ?? ''),
      cell(value ?? ''),
      history === undefined ? '' : sparkline(history.values, limitOf(history.limit)),
      cell(limit ?? ''),
      verdictSigns[verdict],
    ])
  return table(
    [
      { title: '' },
      { title: 'Before', align: 'right' },
      { title: 'Now', align: 'right' },
      { title: 'Since' },
      { title: 'Limit', align: 'right' },
      { title: '', align: 'centre' },
    ],
    rows,
  )
}

/** One sentence for each gate that has no good answer now. */
export function openAnswers(results: readonly GateResult[]): string {
  return results
    .filter(({ verdict }) => !['pass', 'skipped'].includes(verdict))
    .map(
      ({ gate, verdict, answer }) =>
        `- ${verdictSigns[verdict]} ${inline(`${gate} is ${verdict}: ${answer}`)}`,
    )
    .join('\n')
}

/** When something was wrong or not known for a while, and healed. */
export function healedLines(troubles: readonly TroubleSpan[], timeZone: string): string {
  return troubles
    .flatMap(({ gate, kind, since, until, answer }) => {
      if (until === undefined) return []
      const time = `${formatTime(new Date(since), timeZone)} – ${formatTime(new Date(until), timeZone)}`
      const what = kind === 'missing' ? 'nothing was concluded from that time' : 'it has recovered'
      return [`- ⚠️ ${inline(`${gate}, ${time}: ${answer} Held; ${what}.`)}`]
    })
    .join('\n')
}

function limitOf(limit: number | undefined): { readonly limit?: number } {
  return limit === undefined ? {} : { limit }
}
