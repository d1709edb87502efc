/** A table of finished markdown cells, each on one line. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Puts each text between its markers, `<!-- name:start -->` and `<!-- name:end -->`; what is outside stays. */
export function replaceSections(markdown: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [name, content]) => {
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
    const from = text.indexOf(start)
    const to = text.indexOf(end)
    if (from < 0 || to < from)
      throw new Error(`the lines ${start} and ${end} are missing, or in the wrong order`)
    // Blank lines, so that every renderer takes the content for markdown.
    return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`
  }, markdown)
}

/** The cells of an input's row: name, meaning with valid values, default. */
export function inputRow(input: {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly standard: string | undefined
}): string[] {
  const standard = input.standard === undefined ? '' : `\`${input.standard}\``
  return [`\`${input.name}\``, input.description, input.required ? '**required**' : standard]
}
