import { giveBackCommands, type GivenBack } from '../cluster/wake/held-components.ts'
import type { SummaryPart } from '../report/fit-summary.ts'
import { fence, inline } from '../report/markdown.ts'

/** What became of the components that were woken, with the commands for what is held still; nothing where none was. */
export function wokenParts({ sentences, left }: GivenBack, namespace: string): SummaryPart[] {
  if (sentences.length === 0) return []
  const byHand = left.length === 0 ? [] : [fence(giveBackCommands(left, namespace).join('\n'), 'bash')]
  return [
    { kind: 'decision', markdown: [`**Woken:** ${inline(sentences.join(' '))}`, ...byHand].join('\n\n') },
  ]
}
