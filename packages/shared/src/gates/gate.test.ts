import { describe, expect, it } from '@jest/globals'
import { recordOf } from '../record/record.fixture.ts'
import { resolve, Template } from '../runbook/template.ts'
import { runGates, type Answer, type Gate, type Occasion } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const { signal } = new AbortController()
const good: Answer = { verdict: 'pass', answer: 'Good.' }

function gateOf(name: string, measure: Gate['measure'], more: Partial<Gate> = {}): Gate {
  return { name, question: '?', occasions: ['preflight'], measure, ...more }
}

describe('runGates', () => {
  it('asks all at the same time: the first is answered only once the last has been asked', async () => {
    const { promise: lastAsked, resolve: answer } = Promise.withResolvers<undefined>()
    const waiting = Array.from({ length: 20 }, (_, index) =>
      gateOf(`waits-${index}`, async () => {
        await lastAsked
        return good
      }),
    )
    const last = gateOf('last', () => {
      answer(undefined)
      return good
    })
    const results = await runGates([...waiting, last], contextOf(), signal)
    expect(results.map(({ verdict }) => verdict)).toEqual(results.map(() => 'pass'))
    expect(results.at(-1)?.gate).toBe('last')
  })

  it('one that throws, or never answers, is unknown and stops no other', async () => {
    const results = await runGates(
      [
        gateOf('throws', () => Promise.reject(new Error('no route to the broker'))),
        gateOf('hangs', () => new Promise<Answer>(() => undefined)),
        gateOf('well', () => good),
      ],
      contextOf(),
      signal,
      20,
    )
    expect(results).toMatchObject([
      { verdict: 'unknown', answer: 'Could not be measured: no route to the broker' },
      { verdict: 'unknown', answer: 'Not answered within 0.02 s.' },
      { verdict: 'pass' },
    ])
  })

  it('one whose variable has no value here cannot be answered by asking again', async () => {
    const asksWith = (text: string): Gate =>
      gateOf('asks', () => {
        resolve(new Template(text), { SET: 'x' })
        return good
      })
    const results = await runGates([asksWith('${UNSET}'), asksWith('${SET}')], contextOf(), signal)
    expect(results.map(({ verdict, isLasting }) => [verdict, isLasting])).toEqual([
      ['unknown', true],
      ['pass', undefined],
    ])
  })

  it('ends with the run that is cancelled', async () => {
    const controller = new AbortController()
    const hanging = gateOf(
      'hangs',
      (_, stop) =>
        new Promise((_resolve, reject) => {
          stop.addEventListener('abort', () => {
            reject(new Error('stopped'))
          })
        }),
    )
    const asked = runGates([hanging], contextOf(), controller.signal)
    controller.abort(new Error('cancelled by SIGINT'))
    await expect(asked).rejects.toThrow('stopped')
  })

  it('off is not asked; warn keeps the words and takes the trigger away', async () => {
    const bad: Answer = { verdict: 'fail', answer: 'Too much.', trigger: 'Above 5 %.' }
    const asked: string[] = []
    const gates = (['enforce', 'warn', 'off'] as const).map((mode) =>
      gateOf(
        mode,
        () => {
          asked.push(mode)
          return bad
        },
        { mode: () => mode },
      ),
    )
    const results = await runGates(gates, contextOf(), signal)
    expect(asked).toEqual(['enforce', 'warn'])
    expect(results.map(({ verdict, answer, trigger }) => [verdict, answer, trigger])).toEqual([
      ['fail', 'Too much.', 'Above 5 %.'],
      ['warn', 'fail, but only a warning here: Too much.', undefined],
      ['skipped', 'Switched off in the runbook file.', undefined],
    ])
  })

  it.each<[string, Occasion, string]>([
    ['hotfix', 'preflight', 'warn'],
    ['hotfix', 're-check', 'warn'],
    ['hotfix', 'post-deploy', 'fail'],
    ['hotfix', 'critical', 'fail'],
    ['minor', 'preflight', 'fail'],
  ])(
    'before a hotfix production’s health is recorded: %s, %s: %s',
    async (changeClass, occasion, verdict) => {
      const gate = gateOf('health', () => ({ verdict: 'fail', answer: 'Ill.' }), {
        isRecordedOnlyForHotfix: true,
      })
      const context = contextOf({ record: recordOf({ class: changeClass }), occasion })
      expect(await runGates([gate], context, signal)).toMatchObject([{ verdict }])
    },
  )
})
