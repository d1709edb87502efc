import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { bool, duration, json, list, secret } from './input-types.ts'
import { readInputs, type InputSource } from './inputs.ts'

const schema = z.object({
  pipeline: z.string().min(1).describe('The pipeline of the runbook.'),
  mode: z.enum(['plan', 'approve']).default('plan'),
  timeout: duration.prefault('10m'),
  'dry-run': bool.default(false),
  components: list.default([]),
  staging: json(z.object({ digests: z.array(z.string()) })).optional(),
  replicas: z.coerce.number().int().min(1).optional(),
  token: secret(z.string(), { env: 'APP_TOKEN' }).optional().describe('A token.'),
})

const runner = (inputs: Record<string, string>): InputSource => ({
  kind: 'runner',
  environment: Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  ),
})

const terminal = (args: string[], environment: Record<string, string> = {}): InputSource => ({
  kind: 'terminal',
  args,
  environment,
})

const read = (source: InputSource, masked: string[] = []) =>
  readInputs(schema, source, (value) => {
    masked.push(value)
  })

function problem(source: InputSource): UserError {
  try {
    read(source)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('no problem was found')
}

const temporary = mkdtempSync(join(tmpdir(), 'inputs-'))
afterAll(() => {
  rmSync(temporary, { recursive: true })
})

const defaults = { mode: 'plan', timeout: 600_000, 'dry-run': false, components: [] }

describe('inputs of a step', () => {
  it('are read from the variables of the runner, where empty means not given', () => {
    const given = {
      pipeline: ' shop ',
      mode: '',
      timeout: '1h30m',
      'dry-run': 'TRUE',
      components: 'a, b\nc,,',
      staging: '{"digests":["sha256:1"]}',
      token: '',
      unknown: 'x',
    }
    expect(read(runner(given))).toEqual({
      ...defaults,
      pipeline: 'shop',
      timeout: 5_400_000,
      'dry-run': true,
      components: ['a', 'b', 'c'],
      staging: { digests: ['sha256:1'] },
    })
  })

  it('are all named at once where they are wrong, each with what is valid', () => {
    const error = problem(
      runner({
        mode: 'paln',
        timeout: '5',
        'dry-run': 'yes',
        staging: '{"digests":[1]}',
        replicas: '0',
        token: 'x',
      }),
    )
    expect(error.message.split('\n')).toEqual([
      '6 things are wrong with the inputs:',
      '- Input "pipeline" is missing (The pipeline of the runbook).',
      '- Input "mode" is "paln": use plan or approve.',
      '- Input "timeout" is "5": use a duration such as 30s, 15m, 1h or 1h30m, at most 14d.',
      '- Input "dry-run" is "yes": use true or false.',
      '- Input "staging" is "{\\"digests\\":[1]}" at digests.0: expected string, received number.',
      '- Input "replicas" is "0": too small: expected number to be >=1.',
    ])
    expect(error.next).toContain('with:')
  })

  it('are named alone where one is wrong', () => {
    expect(problem(runner({ pipeline: 'x', staging: 'no' })).message).toBe(
      'Input "staging" is "no": give valid JSON.',
    )
    expect(problem(runner({ pipeline: 'x', mode: 'y'.repeat(500) })).message.length).toBeLessThan(150)
  })

  it('that are secret are masked first and never repeated', () => {
    const strict = schema.extend({ token: secret(z.string().startsWith('tok-'), { env: 'APP_TOKEN' }) })
    const masked: string[] = []
    const reading = () =>
      readInputs(strict, runner({ token: 'canary-1', mode: 'x' }), (value) => {
        masked.push(value)
      })
    expect(reading).toThrow(UserError)
    expect(reading).not.toThrow(/canary/u)
    expect(masked[0]).toBe('canary-1')
  })

  it('never fail in another way, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(schema.shape)), fc.string({ unit: 'binary' })),
        (given) => {
          try {
            read(runner(given))
          } catch (error) {
            expect(error).toBeInstanceOf(UserError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('inputs of a command line', () => {
  it.each<[string[], object]>([
    [['--pipeline', 'shop'], { pipeline: 'shop' }],
    [['--pipeline=shop', '--dry-run'], { pipeline: 'shop', 'dry-run': true }],
    [['--dry-run', '--pipeline=a=b'], { pipeline: 'a=b', 'dry-run': true }],
    [['--dry-run', 'false', '--pipeline', 'x'], { pipeline: 'x', 'dry-run': false }],
    [['--dry-run=true', '--pipeline', 'x', '--mode='], { pipeline: 'x', 'dry-run': true }],
    [['--pipeline=-x'], { pipeline: '-x' }],
  ])('%j', (args, expected) => {
    expect(read(terminal(args))).toEqual({ ...defaults, ...expected })
  })

  it.each<[string[], string]>([
    [['--piplines', 'shop'], 'There is no flag --piplines; did you mean --pipeline?'],
    [['--token-fle', 'x'], 'There is no flag --token-fle; did you mean --token-file?'],
    [['--frobnicate'], 'There is no flag --frobnicate.'],
    [['--constructor'], 'There is no flag --constructor.'],
    [['shop'], 'Unexpected "shop": every value needs a flag before it.'],
    [['-n', 'x'], 'There is no flag -n; all flags start with two dashes.'],
    [['--mode'], '--mode needs a value: --mode <value>.'],
    [['--timeout', '--dry-run'], '--timeout needs a value: --timeout <duration>.'],
    [['--mode=plan', '--mode=plan'], '--mode is given twice: keep one.'],
    [['--token-file'], '--token-file needs the path of a file.'],
    [['--mode=x'], '--mode is "x": use plan or approve.'],
  ])('refuses %j', (args, expected) => {
    const { message, next } = problem(terminal(['--pipeline=p', ...args]))
    expect(message).toContain(expected)
    expect(next).toContain('--help')
  })

  it('never takes a secret, and does not repeat it', () => {
    for (const args of [['--token', 'canary-1'], ['--token=canary-1']]) {
      const { message } = problem(terminal(['--pipeline=p', ...args]))
      expect(message).toContain('--token is a secret')
      expect(message).toContain('APP_TOKEN')
      expect(message).toContain('--token-file')
      expect(message).not.toContain('canary')
    }
  })

  it('takes secrets from variables and files, masked', () => {
    const file = join(temporary, 'token')
    writeFileSync(file, 'from-file\n')
    const masked: string[] = []
    expect(read(terminal(['--pipeline=p'], { APP_TOKEN: 'from-env' }), masked)).toMatchObject({
      token: 'from-env',
    })
    expect(
      read(terminal(['--pipeline=p', '--token-file', file], { APP_TOKEN: 'from-env' }), masked),
    ).toMatchObject({
      token: 'from-file',
    })
    expect(masked).toEqual(['from-env', 'from-file'])
    expect(problem(terminal(['--pipeline=p', '--token-file', join(temporary, 'none')])).message).toContain(
      'ENOENT',
    )
  })

  it('says where a missing secret comes from', () => {
    const strict = z.object({ token: secret(z.string(), { env: 'APP_TOKEN' }) })
    expect(() => readInputs(strict, terminal([]), () => undefined)).toThrow(
      '--token is missing: set the environment variable APP_TOKEN, or name a file with --token-file.',
    )
  })

  it('never fails in another way, whatever is typed', () => {
    const word = fc.oneof(
      fc.constantFrom('--pipeline', '--dry-run', '--token', '--mode=', '--', '-', '=', '--=x'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (args) => {
        try {
          read(terminal(args))
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
