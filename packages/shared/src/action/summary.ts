import { appendFile, stat } from 'node:fs/promises'
import { fitSummary, maxSummaryBytes, type SummaryPart } from '../report/fit-summary.ts'
import { plainText } from '../report/plain-text.ts'
import { sanitiseBlock } from '../report/sanitise.ts'

/** What the reader of a run sees first. It is published when the action ends, however it ends. */
export interface Summary {
  /** Adds Markdown that carries decisions (a text), or evidence that may be shortened. */
  add(...parts: readonly (string | SummaryPart)[]): void
}

export interface PublishableSummary extends Summary {
  isEmpty(): boolean
  /** Appends to the file behind `GITHUB_STEP_SUMMARY`; what the step wrote there before counts towards the limit. */
  appendTo(file: string): Promise<void>
  /** The summary for a terminal. */
  text(): string
}

const maxTerminalLines = 400

/** A summary whose parts are published in the order in which they were added. */
export function createSummary(redact: (text: string) => string): PublishableSummary {
  const parts: SummaryPart[] = []
  return {
    add(...given) {
      for (const part of given)
        parts.push(redacted(typeof part === 'string' ? { kind: 'decision', markdown: part } : part, redact))
    },
    isEmpty: () => parts.length === 0,
    async appendTo(file) {
      const { size } = await stat(file).catch(() => ({ size: 0 }))
      await appendFile(file, fitSummary(parts, maxSummaryBytes - size))
    },
    text: () => sanitiseBlock(plainText(fitSummary(parts)), { maxLines: maxTerminalLines }),
  }
}

function redacted(part: SummaryPart, redact: (text: string) => string): SummaryPart {
  return part.kind === 'decision'
    ? { kind: 'decision', markdown: redact(part.markdown) }
    : { kind: 'evidence', title: redact(part.title), text: redact(part.text) }
}
