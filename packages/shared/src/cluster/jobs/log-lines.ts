/** A line of a log that is longer than anybody writes it. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

/**
 * The lines of a text that arrives in pieces. An unfinished last line is dropped: it was cut.
 *
 * @throws LineTooLong where a line has more than `longest` characters
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of [...lines, rest])
      if (line.length > longest) throw new LineTooLong(`a line of more than ${longest} characters`)
    yield* lines
  }
}
