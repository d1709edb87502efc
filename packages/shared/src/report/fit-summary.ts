import { details, fence } from './markdown.ts'
import { formatBytes } from './numbers.ts'

/** A piece of a summary: Markdown that carries decisions, or a folded text that carries evidence. */
export type SummaryPart =
  | { readonly kind: 'decision'; readonly markdown: string }
  | { readonly kind: 'evidence'; readonly title: string; readonly text: string }

/** What GitHub takes per step, in UTF-8 bytes; a longer summary is not shown at all. */
export const maxSummaryBytes = 1_048_576

/**
 * One Markdown text of at most `maxBytes`. Decisions are never shortened; the longest evidence loses its middle first.
 */
export function fitSummary(parts: readonly SummaryPart[], maxBytes = maxSummaryBytes): string {
  const whole = rendered(parts, Infinity)
  if (bytesOf(whole) <= maxBytes) return whole
  const texts = parts.flatMap((part) => (part.kind === 'evidence' ? [part.text] : []))
  let share = fairShare(texts.map(bytesOf), maxBytes - bytesOf(rendered(parts, 0)))
  let fitted = rendered(parts, share)
  // What surrounds a text is counted for an empty one; a text of backticks needs a longer fence.
  while (bytesOf(fitted) > maxBytes && share > 0) {
    share = Math.floor(share / 2)
    fitted = rendered(parts, share)
  }
  return fitted
}

/** The size to which texts must be cut so that all fit into `room`; those that are shorter leave theirs to the others. */
function fairShare(sizes: readonly number[], room: number): number {
  let left = Math.max(0, room)
  for (const [index, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (sizes.length - index))
    if (size > share) return share
    left -= size
  }
  return left
}

function rendered(parts: readonly SummaryPart[], maxEvidenceBytes: number): string {
  return parts
    .map((part) =>
      part.kind === 'decision'
        ? part.markdown.trim()
        : details(part.title, fence(shortened(part.text, maxEvidenceBytes))),
    )
    .filter((text) => text !== '')
    .map((text) => `${text}\n`)
    .join('\n')
}

/** The first and last lines of `text` in about `maxBytes`, with a line that says what is missing. */
function shortened(text: string, maxBytes: number): string {
  const total = bytesOf(text)
  if (total <= maxBytes) return text
  const half = Math.floor(maxBytes / 2)
  const encoded = Buffer.from(text)
  const head = encoded
    .subarray(0, half)
    .toString()
    .replace(/[^\n]*$/u, '')
  const tail = encoded
    .subarray(total - half)
    .toString()
    .replace(/^[^\n]*\n?/u, '')
  const left = formatBytes(total - bytesOf(head) - bytesOf(tail))
  return `${head}… ${left} left out: there is no room for more here …\n${tail}`
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}
