import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { commandsIn } from '../report/runner-commands.fixture.ts'
import { runnerLog, terminalLog } from './log.ts'
import { createMasker } from './masking.ts'

function terminal(showsDebug = false, secret = 'canary-4711') {
  const lines: string[] = []
  const masker = createMasker(() => undefined)
  masker.mask(secret)
  const write = (text: string): void => {
    lines.push(text)
  }
  return { log: terminalLog((text) => masker.redact(text), write, showsDebug), lines }
}

describe('the log in a terminal', () => {
  it('marks what is not plain progress', async () => {
    const { log, lines } = terminal(true)
    log.debug('d')
    log.info('i')
    log.warn('w')
    log.error('e')
    expect(await log.group('g', () => Promise.resolve(7))).toBe(7)
    expect(lines).toEqual(['debug: d\n', 'i\n', 'Warning: w\n', 'Error: e\n', '== g\n'])
  })

  it('shows debug lines only when asked to', () => {
    const { log, lines } = terminal()
    log.debug('d')
    expect(lines).toEqual([])
  })

  it('finds a secret that invisible characters hide, and one that holds them', () => {
    const { log, lines } = terminal()
    log.info('a can\u200bary-\u001b[1m4711 b')
    expect(lines).toEqual(['a *** b\n'])
    const odd = terminal(false, 'pass\u200bword-4711')
    odd.log.info('a pass\u200bword-4711 b')
    expect(odd.lines).toEqual(['a *** b\n'])
  })

  it('does not cut a secret in two before it is found', () => {
    const { log, lines } = terminal()
    for (let length = 1990; length < 2060; length++)
      log.info(`${'x'.repeat(length)}canary-4711 ${'y'.repeat(100)}`)
    expect(lines.join('')).not.toMatch(/canary|c … /u)
  })
})

describe('text of others under the runner', () => {
  it('stands between stop-commands with a token of its own, and cannot end them', () => {
    const tokens = new Set<string>()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const printed: string[] = []
        const log = runnerLog(
          (each) => each,
          (each) => {
            printed.push(each)
          },
        )
        log.external(`${text}\n::stop-commands::x\n::x::\n##[x]`)
        const lines = printed.join('').split('\n')
        const token = /^::stop-commands::([0-9a-f]{64})$/u.exec(lines[0] ?? '')?.[1] ?? ''
        expect(lines.at(-2)).toBe(`::${token}::`)
        expect(commandsIn(lines.slice(1, -2).join('\n'))).toEqual([])
        expect(tokens.has(token)).toBe(false)
        tokens.add(token)
      }),
    )
  })
})
