import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './generated-files.ts'
import { simulationDocument, simulationFingerprint } from './simulate-lag.ts'

const text = readFileSync(join(root, simulationDocument), 'utf8')

describe('the table of how well the rules of lag work', () => {
  it('is of the rules as they are (else: node scripts/simulate-lag.ts)', () => {
    expect(/<!-- simulation (\w+) -->/.exec(text)?.[1]).toBe(simulationFingerprint())
  })

  it('says that healthy hours pass, and that faults are found', () => {
    const rows = [
      ...text.matchAll(/^\| ([^|]+) \| (\d+) \| (\d+) \| ([\d.–]+) \| (\d+) \| ([\d.]+)(?: %)? \|$/gm),
    ]
    const healthy = rows.filter(([row]) => row.includes(' % |'))
    const sum = (column: number): number => healthy.reduce((total, row) => total + Number(row[column]), 0)
    expect(sum(2)).toBeGreaterThanOrEqual(2_000)
    expect(sum(2) - sum(3)).toBeLessThanOrEqual(1)
    const faults = rows.filter(([row]) => !row.includes(' % |'))
    expect(faults.length).toBeGreaterThanOrEqual(9)
    for (const [, name, runs, found] of faults)
      expect([name, Number(found) / Number(runs)]).toEqual([name, 1])
  })
})
