import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { linesOf, LineTooLong } from './log-lines.ts'

async function* pieces(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await Promise.resolve()
    yield part
  }
}

async function read(...parts: readonly Uint8Array[]): Promise<string[]> {
  return Array.fromAsync(linesOf(pieces(...parts), 100))
}

describe('linesOf', () => {
  it('finds the lines wherever the text is cut, and drops one that is not finished', async () => {
    const line = fc.string({ maxLength: 20, unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''))
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
        const bytes = Buffer.from([...lines, 'cut off'].join('\n'))
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
        const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        expect(await read(...parts)).toEqual(lines)
      }),
    )
  })

  it('does not gather a line without an end', async () => {
    await expect(read(Buffer.from('a\n'), Buffer.alloc(60, 'x'), Buffer.alloc(60, 'x'))).rejects.toThrow(
      LineTooLong,
    )
  })
})
