import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { maxSummaryBytes } from '../report/fit-summary.ts'
import { createSummary } from './summary.ts'

const directory = mkdtempSync(join(tmpdir(), 'summary-'))
const file = join(directory, 'summary')
afterAll(() => {
  rmSync(directory, { recursive: true })
})

describe('a summary', () => {
  it('is redacted in all its parts', async () => {
    writeFileSync(file, '')
    const summary = createSummary((text) => text.replaceAll('canary', '***'))
    expect(summary.isEmpty()).toBe(true)
    summary.add('## canary', { kind: 'evidence', title: 'canary', text: 'canary' })
    expect(summary.isEmpty()).toBe(false)
    await summary.appendTo(file)
    expect(readFileSync(file, 'utf8')).toBe(
      '## ***\n\n<details><summary>***</summary>\n\n```\n***\n```\n\n</details>\n',
    )
    expect(summary.text()).toBe('***\n\n▸ ***\n\n  ***')
  })

  it('fits with what the step had written before', async () => {
    writeFileSync(file, 'x'.repeat(maxSummaryBytes - 10_000))
    const summary = createSummary((text) => text)
    summary.add('## decision', { kind: 'evidence', title: 'Logs', text: 'line\n'.repeat(10_000) })
    await summary.appendTo(file)
    const written = readFileSync(file, 'utf8')
    expect(Buffer.byteLength(written)).toBeLessThanOrEqual(maxSummaryBytes)
    expect(Buffer.byteLength(written)).toBeGreaterThan(maxSummaryBytes - 500)
    expect(written).toContain('## decision')
  })

  it('cannot move the cursor of a terminal', () => {
    const summary = createSummary((text) => text)
    summary.add('a\u001b[2J\rb')
    expect(summary.text()).toBe('a\nb')
  })
})
