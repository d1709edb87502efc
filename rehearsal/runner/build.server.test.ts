import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { buildAct } from './build.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'build-'))
})
afterEach(() => {
  rmSync(cache, { recursive: true })
})

describe('buildAct', () => {
  it('builds once, also for callers at the same time, and keeps nothing else', async () => {
    const lines: string[] = []
    const log = (line: string) => lines.push(line)
    const [first, second] = await Promise.all([buildAct({ cache, log }), buildAct({ cache, log })])
    expect(second).toBe(first)
    expect(lines.filter((line) => line.startsWith('built'))).toHaveLength(2)

    lines.length = 0
    expect(await buildAct({ cache, log })).toBe(first)
    expect(lines).toEqual([])
    const kept = readdirSync(cache)
    expect(kept).toHaveLength(1)
    expect(readdirSync(join(cache, ...kept))).toEqual(['act'])
  }, 600_000)
})
