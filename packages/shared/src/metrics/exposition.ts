/** One sample of an exposition. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** NaN and infinities as they stand there. */
  readonly value: number
}

/** An exposition that is none; the message names the line. */
export class BadExposition extends Error {
  override readonly name = 'BadExposition'
}

/** A legacy name, or the beginning of labels with the name in them (`{"any.name", …}`). */
const start = /^([A-Za-z_:][\w:]*)?[ \t]*(\{)?/
const labelName = /^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*"/
const quotedName = /^[ \t]*"/
/** After the labels: the value, perhaps a timestamp, perhaps an exemplar of OpenMetrics. */
const rest = /^[ \t]*(\S+)(?:[ \t]+-?[\d.]+(?:e[+-]?\d+)?)?[ \t]*(?:# \{.*\} \S+(?: \S+)?)?$/i
const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/**
 * The samples of a pod's `/metrics`, in Prometheus's text format (0.0.4) or OpenMetrics, of the series that are wanted.
 * Timestamps and exemplars are read over. Strict: half an answer would be half a truth.
 *
 * @param wants whether a series of that name is wanted; the rest is not taken apart
 * @throws BadExposition where a wanted line, or the beginning of any line, is not in the format
 */
export function readExposition(text: string, wants: (name: string) => boolean): Sample[] {
  const samples: Sample[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const sample = readLine(trimmed, index + 1, wants)
    if (sample !== undefined) samples.push(sample)
  }
  return samples
}

function readLine(line: string, number: number, wants: (name: string) => boolean): Sample | undefined {
  const bad = (): BadExposition => new BadExposition(`line ${number} is no sample: ${line.slice(0, 100)}`)
  const opening = start.exec(line)
  const [whole = '', plainName, brace] = opening ?? []
  if (plainName === undefined && brace === undefined) throw bad()
  if (plainName !== undefined && !wants(plainName)) return undefined
  const {
    name = plainName,
    labels,
    after,
  } = brace === undefined
    ? { labels: {}, after: line.slice(whole.length) }
    : readLabels(line.slice(whole.length), bad)
  if (name === undefined) throw bad()
  const [, text = ''] = rest.exec(after) ?? []
  const value = readNumber(text)
  if (value === undefined || (brace === undefined && !/^[ \t]/.test(line.slice(name.length)))) throw bad()
  return wants(name) ? { name, labels, value } : undefined
}

interface Labels {
  /** Where it stands among them, quoted. */
  readonly name?: string
  readonly labels: Record<string, string>
  /** What follows the closing brace. */
  readonly after: string
}

function readLabels(text: string, bad: () => BadExposition): Labels {
  const labels: Record<string, string> = {}
  let name: string | undefined
  let left = text
  for (;;) {
    const end = /^[ \t]*\}/.exec(left)
    if (end !== null) return { ...(name !== undefined && { name }), labels, after: left.slice(end[0].length) }
    const label = labelName.exec(left)
    const quoted = label === null ? quotedName.exec(left) : null
    const opening = label ?? quoted
    if (opening === null) throw bad()
    const { value, after } = readQuoted(left.slice(opening[0].length), bad)
    left = after
    const assignment = quoted === null ? null : /^[ \t]*=[ \t]*"/.exec(left)
    if (label?.[1] !== undefined) labels[label[1]] = value
    else if (assignment !== null) {
      const quotedLabel = readQuoted(left.slice(assignment[0].length), bad)
      labels[value] = quotedLabel.value
      left = quotedLabel.after
    } else if (name === undefined) name = value
    else throw bad()
    const comma = /^[ \t]*,/.exec(left)
    if (comma !== null) left = left.slice(comma[0].length)
    else if (!/^[ \t]*\}/.test(left)) throw bad()
  }
}

/** Text up to its closing quote, with `\\`, `\"` and `\n` undone. */
function readQuoted(
  text: string,
  bad: () => BadExposition,
): { readonly value: string; readonly after: string } {
  const found = /^((?:[^"\\\n]|\\[\\"n])*)"/.exec(text)
  if (found?.[1] === undefined) throw bad()
  const value = found[1].replaceAll(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  return { value, after: text.slice(found[0].length) }
}

function readNumber(text: string): number | undefined {
  if (numberText.test(text)) return Number(text)
  switch (text.toLowerCase()) {
    case 'nan':
      return Number.NaN
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Number.POSITIVE_INFINITY
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY
    default:
      return undefined
  }
}
