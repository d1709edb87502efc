import type { GateResult } from '../record/gate-result.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { utcMinute } from '../runbook/spoken-time.ts'
import type { SummaryPart } from './fit-summary.ts'
import { inline, link } from './markdown.ts'

/** The lines that people answer, one under the other: whoever approves reads them on a phone. Empty where there is none. */
export function checklistAnswers(
  gates: readonly GateResult[],
  { ticket }: Pick<DeploymentRecord, 'ticket'>,
): SummaryPart[] {
  const lines = gates.flatMap(({ checklist = [] }) => checklist)
  if (lines.length === 0) return []
  const done = lines.filter(({ by }) => by !== undefined).length
  const where = ticket === undefined ? '' : ` in ${link(`#${ticket.number}`, ticket.url)}`
  const items = lines.map(({ line, by, at, note }) => {
    const said = note === undefined ? '' : ` ${inline(note)}`
    return by === undefined
      ? `- ☐ ${inline(line)}${said} · **open**`
      : `- ☑ ${inline(line)}${said} · ${inline(by)}, ${at === undefined ? '' : utcMinute(new Date(at))}`
  })
  return [
    {
      kind: 'decision',
      markdown: [`**Checklist**: ${done} of ${lines.length} ticked${where}`, '', ...items].join('\n'),
    },
  ]
}
