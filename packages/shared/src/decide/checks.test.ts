import { describe, expect, it } from '@jest/globals'
import { judgeChecks, type Check } from './checks.ts'

const check = (name: string, state: Check['state'] = 'passed'): Check => ({ name, state })
const none = { require: [], ignore: [] }

describe('judgeChecks', () => {
  it('sorts by what they came to, and leaves out what is ignored', () => {
    const checks = [
      check('a'),
      check('b', 'failed'),
      check('c', 'running'),
      check('d', 'not-run'),
      check('e', 'failed'),
    ]
    const { passed, failed, running, notRun } = judgeChecks(checks, { require: [], ignore: ['e'] })
    expect([passed, failed, running, notRun].map((some) => some.map(({ name }) => name))).toEqual([
      ['a'],
      ['b'],
      ['c'],
      ['d'],
    ])
  })

  it('misses what is required and not there, or there and not run', () => {
    const checks = [check('a'), check('b', 'not-run'), check('c', 'running')]
    expect(judgeChecks(checks, { require: ['a', 'b', 'c', 'd'], ignore: [] }).missing).toEqual(['b', 'd'])
  })

  it.each([
    ['unit', 'unit'],
    ['Unit tests (24)', 'unit'],
    ['CI / unit-tests', 'unit'],
    ['integration', 'integration'],
    ['test:integration', 'integration'],
    ['e2e', 'E2E'],
    ['E2E (chromium)', 'E2E'],
    ['end-to-end', 'E2E'],
    ['End to end tests', 'E2E'],
  ] as const)('knows %s as %s', (name, kind) => {
    const { kinds } = judgeChecks([check(name)], none)
    const wanted = { unit: [] as string[], integration: [] as string[], E2E: [] as string[], [kind]: [name] }
    expect(kinds).toEqual(wanted)
  })

  it.each(['build', 'community', 'immunity', 'node2ent'])('takes %s for no kind of test', (name) => {
    expect(judgeChecks([check(name)], none).kinds).toEqual({ unit: [], integration: [], E2E: [] })
  })

  it('counts only what passed as a kind', () => {
    expect(judgeChecks([check('unit', 'failed')], none).kinds.unit).toEqual([])
  })
})
