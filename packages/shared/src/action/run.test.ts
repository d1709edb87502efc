import { fileURLToPath } from 'node:url'
import { describe, expect, it, jest } from '@jest/globals'
import { commandsIn } from '../report/runner-commands.fixture.ts'
import { runStep, type StepOptions, type StepResult } from './testing/fake-runner.ts'

// Each test starts a process.
jest.setTimeout(30_000)

const sample = fileURLToPath(new URL('testing/sample-action.ts', import.meta.url))

const step = (ending: string, options: StepOptions = {}): Promise<StepResult> =>
  runStep(sample, { ...options, inputs: { pipeline: 'shop', ending, ...options.inputs } })

const annotations = ({ stdout }: StepResult): string[] =>
  stdout.split('\n').filter((line) => /^::(?:error|warning|notice)/u.test(line))

const debugLines = ({ stdout }: StepResult): string =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('::debug::'))
    .join('\n')

describe('an action under the runner', () => {
  it('passes: outputs, summary, log, exit code 0', async () => {
    const result = await step('pass', { inputs: { 'dry-run': 'true', timeout: '' } })
    expect(result).toMatchObject({ exitCode: 0, stderr: '' })
    expect(result.outputs).toEqual({ record: 'deploy-1', pods: '12', ended: 'true', outcome: 'passed' })
    expect(result.summary).toBe('## ✅ live\n**Do:** nothing.\n')
    expect(result.stdout).toContain('pipeline shop, 900000 ms, dry run true')
    expect(result.stdout).toContain('12/12 ready\n: :set-output name=outcome::hacked')
    expect(commandsIn(result.stdout)).toEqual(['group', 'endgroup'])
    expect(debugLines(result)).not.toContain('still open')
  })

  it('does not pass: one annotation with the reason and what to do', async () => {
    const result = await step('held')
    expect(result.exitCode).toBe(1)
    expect(annotations(result)).toEqual(['::error::Lag is 7,100; the limit is 5,000.%0ADecide.'])
    expect(result.outputs).toEqual({ record: 'deploy-1', pods: '0', ended: 'true', outcome: 'held' })
    expect(result.summary).toBe('## 🟨 held\n')
  })

  it('stops on what the user can mend: sentence and next step, the stack for debugging only', async () => {
    const result = await step('user-error')
    expect(result.exitCode).toBe(1)
    expect(annotations(result)).toEqual([
      '::error::Namespace "shop" does not exist.%0ACreate it, or correct `namespace` in runbook.yaml.',
    ])
    expect(debugLines(result)).toContain('sample-action.ts')
    expect(result.outputs).toEqual({ record: 'deploy-1', pods: '0', ended: 'true', outcome: 'failed' })
    expect(result.summary).toContain('## 🟥 sample: failed')
    expect(result.summary).toContain('**Do:** Create it')
  })

  it('stops on a bug: says so, with the causes for debugging, without their secrets', async () => {
    const result = await step('bug', { inputs: { token: 'canary-token-1' } })
    expect(result.exitCode).toBe(1)
    expect(annotations(result)).toHaveLength(1)
    expect(annotations(result)[0]).toMatch(
      /^::error::sample stopped because of a bug or an outage: cannot read x%0A/u,
    )
    expect(debugLines(result)).toMatch(/TypeError: cannot read x.*caused by: Error: config/u)
    expect(result.stdout).not.toContain('hunter22')
    expect(result.stdout.replaceAll(/^::add-mask::.*$/gmu, '')).not.toContain('canary')
  })

  it('stops on an error that nobody awaited, and stops the work', async () => {
    const result = await step('stray')
    expect(result).toMatchObject({ exitCode: 1, stderr: '', outputs: { outcome: 'failed' } })
    expect(annotations(result)[0]).toContain('socket hang up')
    expect(debugLines(result)).not.toContain('still open')
  })

  it('publishes what the work still wrote when it was stopped', async () => {
    const result = await step('tidy')
    expect(result).toMatchObject({ exitCode: 1, outputs: { record: 'tidied', outcome: 'failed' } })
    expect(result.summary).toBe('## tidied\n')
    expect(annotations(result)[0]).toContain('socket hang up')
    expect(debugLines(result)).not.toContain('still open')
  })

  it('is not green when it waits for nothing', async () => {
    const result = await step('never')
    expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'failed' } })
    expect(annotations(result)[0]).toContain('it waits for something that cannot happen any more')
  })

  it('names all wrong inputs in one annotation', async () => {
    const result = await runStep(sample, {
      inputs: { ending: '::warning::x', timeout: 'soon', 'dry-run': 'maybe' },
    })
    expect(result).toMatchObject({ exitCode: 1, outputs: { record: '', pods: '0', outcome: 'failed' } })
    expect(annotations(result)).toHaveLength(1)
    expect(annotations(result)[0]).toMatch(
      /4 things .*"pipeline".*"ending".*"timeout" is "soon".*"dry-run" is "maybe"/u,
    )
    expect(result.summary).toContain('\n- Input "timeout"')
  })

  it('refuses to work without checking certificates', async () => {
    const result = await step('pass', { environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
    expect(result.exitCode).toBe(1)
    expect(annotations(result)[0]).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0')
  })

  it('passes although the summary cannot be written, and says so', async () => {
    const result = await step('pass', { environment: { GITHUB_STEP_SUMMARY: '/nowhere/summary' } })
    expect(result).toMatchObject({ exitCode: 0, outputs: { outcome: 'passed' } })
    expect(annotations(result)).toEqual([
      expect.stringContaining('::warning::The summary could not be written'),
    ])
  })

  it('does not pass when the outputs cannot be written', async () => {
    const result = await step('pass', { environment: { GITHUB_OUTPUT: '/nowhere/output' } })
    expect(result.exitCode).toBe(1)
    expect(result.stdout).toContain('The outputs could not be written')
  })
})

describe('a cancelled action', () => {
  it('ends at once as cancelled, with its outputs', async () => {
    const result = await step('cancel', { signals: [{ after: 'waiting', send: 'SIGINT' }] })
    expect(result).toMatchObject({
      exitCode: 1,
      signal: null,
      outputs: { record: 'deploy-1', outcome: 'cancelled' },
    })
    expect(annotations(result)).toHaveLength(1)
    expect(annotations(result)[0]).toContain('sample was cancelled by SIGINT.')
    expect(debugLines(result)).not.toContain('still open')
  })

  it('that does not listen is ended by the second signal, and its outputs are the safe ones', async () => {
    const result = await step('deaf', {
      signals: [
        { after: 'waiting', send: 'SIGINT' },
        { after: 'heard', send: 'SIGTERM' },
      ],
    })
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGTERM' })
    expect(result.outputs).toEqual({ record: '', pods: '0', ended: 'false', outcome: 'failed' })
  })
})

describe('an action that leaves a socket open', () => {
  it('ends after five seconds and says what it was', async () => {
    const result = await step('socket')
    expect(result).toMatchObject({ exitCode: 0, outputs: { outcome: 'passed' } })
    expect(result.tookMs).toBeGreaterThan(4900)
    expect(debugLines(result)).toContain('TCPServerWrap')
  })
})

describe('secrets', () => {
  const token = 'canary-4711/odd %value'

  it('are masked before anything is printed, and are in no log, summary or output', async () => {
    const result = await step('leak', { inputs: { token } })
    expect(result.exitCode).toBe(0)
    expect(result.stdout.split('\n')[0]).toBe('::add-mask::canary-4711/odd %25value')
    const printed = result.stdout.replaceAll(/^::add-mask::.*$/gmu, '')
    for (const place of [printed, result.stderr, result.summary, JSON.stringify(result.outputs)]) {
      expect(place).not.toMatch(/canary|found-on-the-way/u)
    }
    expect(printed).toContain('token *** and ***')
    expect(result.outputs.record).toBe('***')
  })

  it('text of others is printed between stop-commands, and holds no command itself', async () => {
    const { stdout } = await step('leak', { inputs: { token } })
    const block = /^::stop-commands::([0-9a-f]{64})\n([\s\S]*?)\n::\1::$/mu.exec(stdout)
    expect(block?.[2]).toBe(': :add-mask::12\n## [error]***')
  })
})

describe('an action in a terminal', () => {
  it('prints log, summary and outputs as plain text', async () => {
    const result = await runStep(sample, { args: ['--pipeline', 'shop', '--dry-run'] })
    expect(result.exitCode).toBe(0)
    expect(result.stderr).toContain('pipeline shop, 900000 ms, dry run true, run on a laptop')
    expect(result.stdout).toBe(
      '\n✅ live\nDo: nothing.\n\nrecord: deploy-1\npods: 12\nended: true\noutcome: passed\n',
    )
  })

  it('says what is wrong and how to go on', async () => {
    const result = await runStep(sample, { args: ['--piepline', 'shop'] })
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain('There is no flag --piepline; did you mean --pipeline?')
    expect(result.stderr).toContain('--help')
    expect(result.stdout).toBe('record: \npods: 0\nended: true\noutcome: failed\n')
  })

  it('shows its help', async () => {
    const result = await runStep(sample, { args: ['--pipeline', 'x', '--help'] })
    expect(result).toMatchObject({ exitCode: 0, stderr: '' })
    expect(result.stdout).toMatch(/^sample: Ends in the way it is asked to\.\n\nUsage:/u)
  })

  it('takes a secret from its variable, and hides it', async () => {
    const result = await runStep(sample, {
      args: ['--pipeline=shop', '--ending=leak'],
      environment: { SAMPLE_TOKEN: 'canary-4711' },
    })
    expect(result.exitCode).toBe(0)
    expect(result.stdout + result.stderr).not.toMatch(/canary|^::/mu)
  })

  it('with debugging shows the stack', async () => {
    const result = await runStep(sample, {
      args: ['--pipeline=shop', '--ending=user-error'],
      environment: { RUNNER_DEBUG: '1' },
    })
    expect(result.stderr).toContain('debug: UserError: Namespace "shop" does not exist.\n    at ')
  })
})
