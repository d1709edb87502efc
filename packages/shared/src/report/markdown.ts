/**
 * GitHub-flavoured Markdown from text that is not trusted.
 *
 * Backslashes and entities stop Markdown and HTML. They do not stop what GitHub looks for in the finished page
 * (mentions, references, addresses): a zero-width space breaks those.
 */
import { visible } from './sanitise.ts'

const zeroWidthSpace = '\u200b'

export type Alignment = 'left' | 'right' | 'centre'

export interface Column {
  readonly title: string
  /** Left where absent. */
  readonly align?: Alignment
}

/** One line of text in which nothing is markup: for paragraphs, list items and headings. */
export function inline(text: string): string {
  const line = oneLine(withoutComments(visible(text)))
  return broken(
    line
      .replace(/[\\`*_~[\]|$#!(){}]/gu, '\\$&')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/^(?:[-+=:]|\d+(?=[.)](?:\s|$)))/u, (start) =>
        /\d/u.test(start) ? `${start}${zeroWidthSpace}` : `\\${start}`,
      ),
  )
}

/** The same for a cell of a table; an empty one shows as a dash. */
export function cell(text: string): string {
  const safe = inline(text)
  return safe === '' ? '–' : safe
}

/** A code span that shows exactly this text on one line. */
export function code(text: string): string {
  const line = oneLine(visible(text))
  if (line === '') return ''
  const ticks = '`'.repeat(longestRun(line, '`') + 1)
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${pad}${line}${pad}${ticks}`
}

/** A block that shows exactly these lines. */
export function fence(text: string, language = ''): string {
  const lines = visible(text.replace(/\r\n?/gu, '\n')).replace(/\n+$/u, '')
  const ticks = '`'.repeat(Math.max(3, longestRun(lines, '`') + 1))
  return `${ticks}${language.replace(/[^\w+-]/gu, '')}\n${lines}\n${ticks}`
}

/**
 * A link with escaped text. Only `https:`, `http:` and relative addresses become links; of any other only the text stays.
 */
export function link(text: string, address: string): string {
  const target = targetOf(address)
  return target === undefined ? inline(text) : `[${inline(text)}](${target})`
}

/** A section that is folded away. `summary` is plain text, `body` is Markdown. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summaryLine(summary)}</summary>\n\n${body.trim()}\n\n</details>`
}

/**
 * A table of finished Markdown cells: pass what is not trusted through `cell` or `code`.
 * A cell can never become two, and short rows are filled up.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${columns.map((_, index) => oneLine(withPipesEscaped(cells[index] ?? ''))).join(' | ')} |`
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => rules[align ?? 'left']).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

const rules: Readonly<Record<Alignment, string>> = { left: '---', right: '--:', centre: ':-:' }

/** Mentions, references to issues and commits, and addresses, so that GitHub links and notifies nothing. */
function broken(text: string): string {
  return text
    .replace(/@(?=[\p{L}\p{N}])/gu, `@${zeroWidthSpace}`)
    .replace(/#(?=\d)/gu, `#${zeroWidthSpace}`)
    .replace(/GH-(?=\d)/giu, (reference) => `${reference}${zeroWidthSpace}`)
    .replaceAll('://', `:${zeroWidthSpace}//`)
    .replace(/www\./giu, (prefix) => `${prefix.slice(0, 3)}${zeroWidthSpace}.`)
}

function summaryLine(text: string): string {
  const line = oneLine(withoutComments(visible(text)))
  return broken(line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
}

function withoutComments(text: string): string {
  return text.replace(/<!--[\s\S]*?-->/gu, '')
}

function oneLine(text: string): string {
  return text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' ').trim()
}

function longestRun(text: string, char: string): number {
  let longest = 0
  let run = 0
  for (const each of text) {
    run = each === char ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

/** A pipe is a cell's text when the number of backslashes before it is odd. */
function withPipesEscaped(markdown: string): string {
  return markdown.replace(/(\\*)\|/gu, (whole, slashes: string) =>
    slashes.length % 2 === 1 ? whole : `${slashes}\\|`,
  )
}

function targetOf(address: string): string | undefined {
  const plain = visible(address).trim()
  const scheme = /^([a-z][a-z\d+.-]*):/iu.exec(plain)?.[1]?.toLowerCase()
  if (scheme === undefined ? /^[/\\]{2}|^$/u.test(plain) : scheme !== 'https' && scheme !== 'http')
    return undefined
  return plain.replace(/[\s()<>|\\`"'[\]{}*_~]/gu, (char) =>
    encodeURIComponent(char).replace(/^[()'*_~]$/u, percent),
  )
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`
}
