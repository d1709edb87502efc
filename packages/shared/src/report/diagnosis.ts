import type { Diagnosis } from '../record/diagnosis.ts'
import type { SummaryPart } from './fit-summary.ts'
import { fence, inline, link } from './markdown.ts'

/**
 * What the runbook says to do about it, in its own words.
 *
 * @param document address of the team's runbook; without it its section is named only
 */
export function diagnosisAdvice({ section, advice }: Diagnosis, document?: string): string {
  const title =
    document === undefined ? inline(section.title) : link(section.title, `${document}#${section.anchor}`)
  return `**What to do**, as the runbook has it under ${title}:\n\n${fence(advice.join('\n'), 'bash')}`
}

/** What shows it, folded away. */
export function diagnosisEvidence({ evidence }: Diagnosis): SummaryPart {
  const none = 'Kubernetes told nothing about it: no events, no logs.'
  return {
    kind: 'evidence',
    title: 'What shows it: events and last log lines',
    text: evidence.join('\n') || none,
  }
}
