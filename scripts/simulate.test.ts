import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultyWatches, healthyWatches } from '../packages/shared/src/gates/watch-simulation.fixture.ts'
import { root } from './generated-files.ts'
import { simulationDocument, standard } from './simulate.ts'

const text = readFileSync(join(root, simulationDocument), 'utf8')

/** The rows of a table between its marks, without its head; a cell each. */
function rowsOf(name: string): string[][] {
  const [, table = ''] = new RegExp(`<!-- ${name}:start -->(.*)<!-- ${name}:end -->`, 's').exec(text) ?? []
  const lines = table.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

describe('what the simulation has found', () => {
  it('is of all that is simulated', () => {
    const [healthy, faulty] = [rowsOf('healthy'), rowsOf('faulty')]
    expect(healthy.map(([name]) => name)).toEqual([...healthyWatches.map(({ name }) => name), '**all**'])
    expect(faulty.map(([name]) => name)).toEqual(faultyWatches.map(({ name }) => name))
    expect(Number(healthy.at(-1)?.[1])).toBe(standard.healthy)
    for (const [, watches] of faulty) expect(Number(watches)).toBe(standard.faulty)
  })

  it('keeps what is asked of the rules: at most 2 of 2,000 healthy hours do not pass', () => {
    const [, watches, passed] = rowsOf('healthy').at(-1)!.map(Number)
    expect(watches! - passed!).toBeLessThanOrEqual((2 * watches!) / 2_000)
  })

  it.each(rowsOf('faulty'))('keeps that 99 of 100 are found: %s', (_, watches, found) => {
    expect(Number(found) / Number(watches)).toBeGreaterThanOrEqual(0.99)
  })
})
