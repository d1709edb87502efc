/**
 * Text from outside (pod logs, annotations, API messages, tag messages) made safe to print.
 *
 * A runner reads commands from what a step prints, by two parsers: `::name::` at the start of a line after white
 * space, and the older `##[name]` anywhere in a line. So a prefix before the line is no protection. What we print
 * contains neither, no terminal escapes, and nothing that cannot be seen.
 */

export interface BlockLimits {
  /** Of a longer block the first and the last half of this many lines are kept. */
  readonly maxLines?: number
  /** UTF-8 bytes. */
  readonly maxLineBytes?: number
}

const defaultMaxLines = 200
const defaultMaxLineBytes = 2048

/** Colours and cursor moves (CSI), titles and hyperlinks (OSC and its kin, only when terminated), the short rest. */
const terminalEscapes =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\0-\u0008\n-\u001f\u007f-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/gu

const lineBreaks = /\r\n|[\r\n\v\f\u0085\u2028\u2029]/u

const controls = /[\0-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufff9-\ufffb]/gu

/** Zero-width, bidi, tags, fillers. What joins two emoji, or makes one colourful, is visible and stays. */
const invisible =
  /(?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})\ufe0f|(?![\u200d\ufe0f])\p{Default_Ignorable_Code_Point}/gu

/** The text without terminal escapes, control characters and what cannot be seen. Line breaks and tabs stay. */
export function visible(text: string): string {
  return text.toWellFormed().replace(terminalEscapes, '').replace(controls, '').replace(invisible, '')
}

/** One line that holds no command; line breaks inside show as ⏎. */
export function sanitiseLine(text: string, { maxLineBytes = defaultMaxLineBytes }: BlockLimits = {}): string {
  return capped(withoutCommands(linesOf(visible(text)).join(' ⏎ ')), maxLineBytes)
}

/** Lines that hold no command. Of a block that is too long the middle is left out, and a line says so. */
export function sanitiseBlock(
  text: string,
  { maxLines = defaultMaxLines, maxLineBytes = defaultMaxLineBytes }: BlockLimits = {},
): string {
  return middleLeftOut(linesOf(visible(text)), maxLines)
    .map((line) => capped(withoutCommands(line), maxLineBytes))
    .join('\n')
}

function linesOf(text: string): string[] {
  const lines = text.split(lineBreaks)
  while (lines.length > 1 && lines.at(-1) === '') lines.pop()
  return lines
}

function middleLeftOut(lines: readonly string[], maxLines: number): readonly string[] {
  if (lines.length <= maxLines) return lines
  const head = Math.ceil((maxLines - 1) / 2)
  const tail = maxLines - 1 - head
  const left = lines.length - head - tail
  return [
    ...lines.slice(0, head),
    `… ${left.toLocaleString('en-US')} lines left out …`,
    ...lines.slice(lines.length - tail),
  ]
}

/** A visible space breaks both forms; an invisible character would not: .NET compares text without regard to those. */
function withoutCommands(line: string): string {
  return line.replaceAll('##[', '## [').replace(/^(\s*):(?=:)/u, '$1: ')
}

/** Cuts at a whole character, so that the line with its mark fits `maxBytes`. */
function capped(line: string, maxBytes: number): string {
  const encoder = new TextEncoder()
  const bytes = encoder.encode(line).length
  if (bytes <= maxBytes) return line
  const mark = ` … (${bytes.toLocaleString('en-US')} bytes)`
  const room = Math.max(0, maxBytes - encoder.encode(mark).length)
  const { read } = encoder.encodeInto(line, new Uint8Array(room))
  return line.slice(0, read) + mark
}
