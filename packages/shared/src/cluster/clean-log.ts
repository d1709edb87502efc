/** Hides what is secret in a text. */
export type Redact = (text: string) => string

/** Characters that are kept of one line. What a person needs of a line stands at its beginning. */
const maxLineLength = 2_000

/**
 * A container's log as it may be kept: it goes from here into records, tickets and the branch of the deployment log.
 * Without secrets, and no line so long that a few of them would make a record too large to be handed on.
 */
export function cleanLog(text: string, redact: Redact): string {
  return redact(text).split('\n').map(shortened).join('\n')
}

function shortened(line: string): string {
  if (line.length <= maxLineLength) return line
  return `${line.slice(0, maxLineLength).toWellFormed()} … (${line.length.toLocaleString('en-US')} characters)`
}
