import { describe, expect, it } from '@jest/globals'
import { cleanLog } from './clean-log.ts'

const redact = (text: string): string => text.replaceAll('hunter2', '***')

describe('cleanLog', () => {
  it('leaves an ordinary log as it is', () => {
    expect(cleanLog('INFO started\n\nERROR disk is full\n', redact)).toBe(
      'INFO started\n\nERROR disk is full\n',
    )
  })

  it('hides what is secret, also where the line is cut', () => {
    expect(cleanLog('password=hunter2', redact)).toBe('password=***')
    expect(cleanLog(`${'x'.repeat(1_997)}hunter2`, redact)).not.toContain('hun')
  })

  it('cuts long lines, each by itself, and says how long they were', () => {
    const [long, short] = cleanLog(`${'x'.repeat(100_000)}\nINFO ok`, redact).split('\n')
    expect(long).toBe(`${'x'.repeat(2_000)} … (100,000 characters)`)
    expect(short).toBe('INFO ok')
  })

  it('never cuts a character in half', () => {
    expect(cleanLog(`${'x'.repeat(1_999)}😀${'x'.repeat(9)}`, redact).isWellFormed()).toBe(true)
  })
})
