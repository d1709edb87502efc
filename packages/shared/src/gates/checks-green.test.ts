import { describe, expect, it } from '@jest/globals'
import { FakeForge } from '../github/forge.fixture.ts'
import type { CommitCheck } from '../github/forge.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { checksGreen } from './checks-green.ts'
import { runGates } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const green = (name: string): CommitCheck => ({ name, state: 'passed', detail: 'success' })
const tests = ['unit', 'integration', 'e2e'].map(green)

async function ask(checks: readonly CommitCheck[], keys = '') {
  const forge = new FakeForge()
  forge.commitChecks = [...checks]
  const runbook = loadRunbook(`${TEN_LINES}${keys}`, { file: 'runbook.yaml' })
  const [result] = await runGates([checksGreen], contextOf({ forge, runbook }), new AbortController().signal)
  return result
}

describe('checks-green', () => {
  it('passes where all are green, and says which kinds of test were found', async () => {
    expect(await ask(tests)).toMatchObject({
      verdict: 'pass',
      answer: '3 checks are green; unit: unit; integration: integration; E2E: e2e.',
      value: '3 of 3 green',
    })
  })

  it.each<[string, readonly CommitCheck[], string, string, string]>([
    [
      'one failed',
      [...tests, { name: 'lint', state: 'failed', detail: 'timed_out' }],
      '',
      'fail',
      'Not green: lint (timed out).',
    ],
    [
      'one runs',
      [...tests, { name: 'scan', state: 'running', detail: 'in_progress' }],
      '',
      'inconclusive',
      'Still running: scan (in progress).',
    ],
    ['there is none', [], '', 'inconclusive', 'no checks beside this deployment'],
    [
      'none was run',
      [{ name: 'docs', state: 'not-run', detail: 'skipped' }],
      '',
      'inconclusive',
      'no checks beside this deployment',
    ],
    [
      'a required one is not there',
      tests,
      'gates: { checks: { require: [load] } }\n',
      'fail',
      'not run: load.',
    ],
    [
      'a kind of test is not there',
      [green('unit'), green('build')],
      '',
      'warn',
      '2 checks are green; unit: unit. No check is called integration or E2E',
    ],
    [
      'the team has named its tests',
      [green('test')],
      'gates: { checks: { require: [test] } }\n',
      'pass',
      '1 check is green.',
    ],
    [
      'the one that failed is ignored',
      [...tests, { name: 'lint', state: 'failed', detail: 'failure' }],
      'gates: { checks: { ignore: [lint] } }\n',
      'pass',
      '3 checks are green',
    ],
  ])('where %s', async (_, checks, keys, verdict, answer) => {
    expect(await ask(checks, keys)).toMatchObject({
      verdict,
      answer: expect.stringContaining(answer) as unknown,
    })
  })
})
