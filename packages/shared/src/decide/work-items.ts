/** A work item that a message names, with what the message says of it. */
export interface WorkItem {
  readonly key: string
  readonly text: string
}

/** Longer messages are read up to here: the pattern is the team's own, and may be a slow one. */
const maxMessageLength = 4_000

/**
 * The work items of a commit message or a title, each once. Where a line begins with an item, the rest of that line
 * is its text; an item that is only mentioned has the subject.
 *
 * @param pattern source of a regular expression, `runbook.ticket.workItems`; upper and lower case differ
 */
export function workItems(message: string, pattern: string): WorkItem[] {
  const text = message.slice(0, maxMessageLength)
  const found = [...text.matchAll(new RegExp(pattern, 'gu'))].map(([key]) => key)
  const keys = [...new Set(found)].filter((key) => key !== '')
  const lines = text.split('\n').map((line) => withoutLeading(line.trim(), keys))
  const subject = lines[0]?.rest ?? ''
  return keys.map((key) => ({
    key,
    text: lines.find(({ leading, rest }) => leading.includes(key) && rest !== '')?.rest ?? subject,
  }))
}

/** `[WP-123] WP-124: Fix x` is `Fix x`, led by WP-123 and WP-124. */
function withoutLeading(line: string, keys: readonly string[]): { leading: string[]; rest: string } {
  const leading: string[] = []
  let rest = line
  for (;;) {
    const next = rest.replace(/^[\s*[\](),:;–—-]+/u, '')
    const key = keys.find((candidate) => next.startsWith(candidate))
    if (key === undefined) return { leading, rest: leading.length === 0 ? line : next }
    leading.push(key)
    rest = next.slice(key.length)
  }
}
