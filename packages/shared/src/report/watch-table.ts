import type { GateResult } from '../record/gate-result.ts'
import type { TroubleSpan } from '../record/schema.ts'
import { humanDuration } from '../runbook/durations.ts'
import { verdictSigns } from './gate-table.ts'
import { cell, inline, table } from './markdown.ts'
import { formatSpan } from './numbers.ts'
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

/** One sentence for each gate that has no good answer now, unless `told` says it already. */
export function openAnswers(results: readonly GateResult[], told = ''): string {
  return results
    .filter(({ verdict, answer }) => !['pass', 'skipped'].includes(verdict) && !told.includes(answer))
    .map(
      ({ gate, verdict, answer }) =>
        `- ${verdictSigns[verdict]} ${inline(`${gate} is ${verdict}: ${answer}`)}`,
    )
    .join('\n')
}

const then = {
  breached: 'Then it broke its limit.',
  missing: 'Then it was not known.',
  undecided: 'Then it was at its limit, perhaps by chance.',
} as const

/** For how long something was wrong or not known, and that it is over. */
export function healedLines(troubles: readonly TroubleSpan[], timeZone: string): string {
  return troubles
    .flatMap(({ gate, kind, since, until, answer }) => {
      if (until === undefined) return []
      const [from, to] = [new Date(since), new Date(until)]
      const time = `${humanDuration(to.getTime() - from.getTime())}, ${formatSpan(from, to, timeZone)}`
      if (kind === 'missing')
        return [`${gate} was not known for ${time}: ${answer} Nothing was concluded from that time.`]
      const was = kind === 'breached' ? 'broke its limit' : 'was at its limit, perhaps by chance,'
      const next = troubles.find((other) => other.gate === gate && other.since === until)
      return [
        `${gate} ${was} for ${time}: ${answer} ${next === undefined ? 'It has recovered.' : then[next.kind]}`,
      ]
    })
    .map((line) => `- ⚠️ ${inline(line)}`)
    .join('\n')
}

function limitOf(limit: number | undefined): { readonly limit?: number } {
  return limit === undefined ? {} : { limit }
}
