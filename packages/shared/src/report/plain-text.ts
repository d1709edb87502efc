/** The Markdown that this suite writes, as a terminal can show it: no marks, aligned tables, addresses in brackets. */
export function plainText(markdown: string): string {
  const lines: string[] = []
  let table: string[][] = []
  let fence: string | undefined
  for (const line of [...markdown.split('\n'), '']) {
    if (fence === undefined && line.startsWith('|')) {
      if (!/^\|(?::?-+:?\|)+$/u.test(line)) table.push(cellsOf(line))
      continue
    }
    lines.push(...aligned(table))
    table = []
    const ticks = /^`{3,}/u.exec(line)?.[0]
    if (fence === undefined && ticks !== undefined) fence = ticks
    else if (fence !== undefined && line === fence) fence = undefined
    else if (fence !== undefined) lines.push(`  ${line}`)
    else lines.push(plainLine(line))
  }
  return lines
    .join('\n')
    .replace(/\n{3,}/gu, '\n\n')
    .trim()
}

function plainLine(line: string): string {
  const folded = /^<details><summary>(.*)<\/summary>$/u.exec(line)?.[1]
  return folded === undefined
    ? inlineText(line.replace(/^#{1,6} /u, ''))
    : `▸ ${folded.replace(htmlMarks, entityOf)}`
}

const htmlMarks = /&(lt|gt|amp);|\u200b/gu

const marks =
  /\\(?<escaped>[!-/:-@[-`{-~])|(?<ticks>`+)(?!`)(?<code>.+?)(?<!`)\k<ticks>(?!`)|\[(?<text>(?:[^\]\\]|\\.)*)\]\((?<address>[^()\s]*)\)|&(?<entity>lt|gt|amp);|(?<!\*)\*\*(?!\*)|\u200b|<\/?[a-z][^<>]*>/gu

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&' }

function inlineText(markdown: string): string {
  return markdown.replace(marks, (...match) => {
    const { escaped, code, text, address, entity } = match.at(-1) as Partial<Record<string, string>>
    if (code !== undefined) return code.replace(/^ (.+) $/u, '$1')
    if (text !== undefined) return `${inlineText(text)} (${address ?? ''})`
    return escaped ?? entityOf('', entity)
  })
}

function entityOf(_match: string, name = ''): string {
  return entities[name] ?? ''
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.endsWith('|') ? -1 : undefined)
    .split(/(?<!\\)\|/u)
    .map((cell) => inlineText(cell.trim().replaceAll('\\|', '|')))
}

function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
