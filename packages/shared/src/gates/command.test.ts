import { describe, expect, it } from '@jest/globals'
import { UserError } from '../errors.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { answerOf, commandGates } from './command.ts'
import { runGates } from './gate.ts'
import { gatesFor } from './registry.ts'
import { contextOf } from './sources.fixture.ts'
import type { CommandEnd } from './sources.ts'

const book = (commands: string) =>
  loadRunbook(`${TEN_LINES}gates: { command: ${commands} }\n`, { file: 'runbook.yaml' })
const { signal } = new AbortController()
const exited = (code: number, stdout: string | undefined, ...lines: string[]): CommandEnd => ({
  how: 'exited',
  code,
  said: { stdout, lines },
})

describe('the answer of a command', () => {
  it.each<[string, CommandEnd, object]>([
    ['0', exited(0, 'a\nb\n', 'a', 'b'), { verdict: 'pass', answer: 'b', evidence: ['a', 'b'] }],
    ['0, silent', exited(0, ''), { verdict: 'pass', answer: 'It said nothing.' }],
    ['75', exited(75, '', 'no traffic'), { verdict: 'inconclusive', answer: 'Exit code 75: no traffic' }],
    [
      '1',
      exited(1, '', 'two topics lack it'),
      { verdict: 'fail', answer: 'Exit code 1: two topics lack it' },
    ],
    ['255, silent', exited(255, ''), { verdict: 'fail', answer: 'Exit code 255: It said nothing.' }],
    [
      '126',
      exited(126, '', 'x: denied'),
      { verdict: 'unknown', answer: expect.stringContaining('x: denied') },
    ],
    [
      '127',
      exited(127, '', 'jq: not found'),
      { verdict: 'unknown', answer: expect.stringContaining('jq: not') },
    ],
    [
      'a signal',
      { how: 'killed', by: 'SIGKILL', said: { stdout: '', lines: ['begun'] } },
      { verdict: 'unknown', answer: 'It was ended by SIGKILL: begun', evidence: ['begun'] },
    ],
    [
      'too long',
      { how: 'timed-out', said: { stdout: '{"answer":"good"}', lines: ['{"answer":"good"}'] } },
      { verdict: 'unknown', answer: expect.stringContaining('It took more than 1 min and was ended') },
    ],
  ])('%s', (_, end, answer) => {
    expect(answerOf(end, { timeout: 60_000 })).toMatchObject(answer)
  })

  it.each<[string, number, object, object]>([
    [
      'all of it',
      0,
      { answer: 'Good.', value: 3, limit: '< 5', evidence: ['a'] },
      { verdict: 'pass', value: '3' },
    ],
    ['only the answer', 1, { answer: 'Two topics lack it.' }, { verdict: 'fail', evidence: [] }],
    ['with a verdict of its own', 1, { answer: 'x', verdict: 'pass' }, { verdict: 'fail' }],
  ])('in JSON: %s', (_, code, json, answer) => {
    expect(answerOf(exited(code, `\n${JSON.stringify(json)}\n`, 'x'), { timeout: 1 })).toMatchObject(answer)
  })

  it.each<[string, string, string]>([
    ['without an answer', '{"value":3}', 'answer: '],
    ['with an unknown key', '{"answer":"x","verdict":"pass"}', 'verdict'],
    ['with too much evidence', JSON.stringify({ answer: 'x', evidence: Array(51).fill('e') }), 'evidence: '],
    ['with a long answer', JSON.stringify({ answer: 'x'.repeat(501) }), 'answer: '],
    ['of another tool', '{"format_version":"1.0","resource_changes":[]}', 'answer: '],
  ])('takes JSON for text where it is no answer: %s', (_, stdout, problem) => {
    const { answer, evidence } = answerOf(exited(0, stdout, 'last'), { timeout: 1 })
    expect(answer).toBe('last')
    expect(evidence?.[0]).toContain('The JSON that it printed is not an answer')
    expect(evidence?.[0]).toContain(problem)
    expect(evidence?.slice(1)).toEqual(['last'])
  })

  it.each([['{ half'], ['[1]'], ['"text"'], ['x {"answer":"x"}'], [undefined]])(
    'takes %j for text',
    (stdout) => {
      expect(answerOf(exited(0, stdout, 'last'), { timeout: 1 })).toEqual({
        verdict: 'pass',
        answer: 'last',
        evidence: ['last'],
      })
    },
  )
})

describe('commands as gates', () => {
  const runbook = book(
    `
    schema: { run: [scripts/schema.sh, "--topic", "a b"], question: Consumers accept the schema, timeout: 2m }
    smoke: { run: [scripts/smoke.sh], occasions: [post-deploy, critical], mode: warn }`
      .replaceAll(/\n +/g, ', ')
      .replace(', ', '{ ') + ' }',
  )

  it('are asked on their occasions, also while a release is watched', () => {
    const asked = (occasion: Parameters<typeof gatesFor>[0]) =>
      gatesFor(occasion, runbook).flatMap(({ name }) => (name.startsWith('command/') ? [name] : []))
    expect(asked('preflight')).toEqual(['command/schema'])
    expect(asked('post-deploy')).toEqual(['command/smoke'])
    expect(asked('critical')).toEqual(['command/smoke'])
    expect(asked('important')).toEqual([])
  })

  it('are told which deployment it is, and can be asked by hand', async () => {
    const told: unknown[] = []
    const commands = {
      run: (command: { run: readonly string[] }, facts: object) => {
        told.push([command.run[0], facts])
        return Promise.resolve(exited(1, '', 'bad'))
      },
    }
    const record = recordOf()
    const results = await runGates(commandGates(runbook), contextOf({ runbook, record, commands }), signal)
    expect(results).toMatchObject([
      {
        gate: 'command/schema',
        question: 'Consumers accept the schema',
        verdict: 'fail',
        query: "scripts/schema.sh --topic 'a b'",
      },
      {
        gate: 'command/smoke',
        question: 'smoke',
        verdict: 'warn',
        answer: expect.stringContaining('fail, but') as unknown,
      },
    ])
    expect(told[0]).toEqual([
      'scripts/schema.sh',
      {
        DEPLOYMENT_PIPELINE: record.pipeline,
        DEPLOYMENT_ENVIRONMENT: record.environment,
        DEPLOYMENT_NAMESPACE: record.namespace,
        DEPLOYMENT_VERSION: record.version,
        DEPLOYMENT_COMMIT: record.commit,
        DEPLOYMENT_OCCASION: 'preflight',
      },
    ])
  })

  it('are unknown where they cannot be started, with the next step', async () => {
    const commands = { run: () => Promise.reject(new UserError('There is no program x.', 'Install it.')) }
    const [result] = await runGates(commandGates(runbook), contextOf({ runbook, commands }), signal)
    expect(result).toMatchObject({
      verdict: 'unknown',
      answer: 'Could not be measured: There is no program x.',
      evidence: ['Install it.'],
    })
  })

  it('have more time than their own timeout, so that it is theirs that ends them', () => {
    expect(commandGates(runbook)[0]?.patienceMs?.(runbook)).toBeGreaterThan(120_000)
  })
})

describe('a command in the runbook file', () => {
  it.each([
    ['{ x: {} }', 'run'],
    ['{ x: { run: [] } }', 'the list is empty'],
    ['{ "X y": { run: [a] } }', 'such as contract-tests'],
    ['{ x: { run: [a], occasions: [approve] } }', 'preflight'],
    ['{ x: { run: [a], env: { "A B": c } } }', 'the name of an environment variable'],
    ['{ x: { run: [a], secrets: { A: hunter2-4711 } } }', 'a secret does not stand in the file'],
    ['{ x: { run: [a], env: { A: b }, secrets: { A: "${B}" } } }', 'A stands in `env`, too'],
  ])('is refused: %s', (command, problem) => {
    expect(() => book(command)).toThrow(problem)
    expect(() => book(command)).not.toThrow('hunter2-4711')
  })
})
