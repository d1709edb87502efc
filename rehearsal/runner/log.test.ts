import { describe, expect, it } from '@jest/globals'
import { parseLine } from './log.ts'
import { Masks } from './masks.ts'

const job = { id: 'plan', name: 'deploy / Plan' }
const step = { id: 'roll', name: 'Roll out', stage: 'Main' }
const common = { job: 'deploy / Plan    ', jobID: 'plan', level: 'info', time: '2026-01-05T10:00:00Z' }
const inStep = { ...common, step: 'Roll out', stepID: ['roll'], stage: 'Main' }

function parse(fields: object, masks = new Masks()) {
  return parseLine(JSON.stringify(fields), masks)
}

describe('parseLine', () => {
  it('reads the begin and the end of a job', () => {
    expect(
      parse({ ...common, step: 'Set up job', stepid: ['--setup-job'], msg: '⭐ Run Set up job' }),
    ).toEqual({
      type: 'job-started',
      job,
    })
    expect(
      parse({ ...common, jobResult: 'cancelled', jobOutputs: { outcome: 'x' }, msg: '🏁  Job failed' }),
    ).toEqual({ type: 'job-finished', job, result: 'cancelled', outputs: { outcome: 'x' } })
    expect(parse({ ...common, jobResult: 'skipped', msg: "Skipping job 'plan' due to 'false'" })).toEqual({
      type: 'job-finished',
      job,
      result: 'skipped',
      outputs: {},
    })
  })

  it('reads the end of a called workflow', () => {
    expect(parse({ ...common, callResult: 'failure', jobOutputs: { a: 'b' }, msg: 'ended' })).toEqual({
      type: 'call-finished',
      job,
      result: 'failure',
      outputs: { a: 'b' },
    })
  })

  it('reads the end of a step with its duration in milliseconds', () => {
    expect(parse({ ...inStep, stepResult: 'failure', executionTime: 2_500_000, msg: '❌' })).toEqual({
      type: 'step-finished',
      job,
      step,
      outcome: 'failure',
      durationMs: 2.5,
    })
  })

  it('takes the steps of a composite action for parts of it', () => {
    const inner = { ...inStep, stepID: ['roll', '0'] }
    expect(parse({ ...inner, raw_output: true, msg: 'text\n' })).toEqual({
      type: 'line',
      job,
      step,
      text: 'text',
    })
    expect(parse({ ...inner, stepResult: 'success', msg: '✅' })).toMatchObject({ type: 'runner' })
    expect(parse({ ...inner, command: 'set-output', name: 'a', arg: 'b', msg: 'a' })).toMatchObject({
      type: 'runner',
    })
  })

  it('reads outputs, summaries and annotations', () => {
    expect(parse({ ...inStep, command: 'set-output', name: 'a', arg: 'b', msg: '' })).toEqual({
      type: 'output',
      job,
      step,
      name: 'a',
      value: 'b',
    })
    expect(parse({ ...inStep, command: 'summary', content: '# A\n', msg: '' })).toEqual({
      type: 'summary',
      job,
      step,
      content: '# A\n',
    })
    const kvPairs = { title: 'gate', file: 'runbook.yaml', line: '7' }
    expect(parse({ ...inStep, command: 'warning', arg: 'too many', kvPairs, msg: '' })).toEqual({
      type: 'annotation',
      job,
      level: 'warning',
      title: 'gate',
      message: 'too many',
      file: 'runbook.yaml',
      line: 7,
    })
  })

  it('drops a mask, and hides its text from then on in every field', () => {
    const masks = new Masks(['given'])
    expect(
      parse({ ...inStep, command: 'add-mask', arg: 'made', raw: '::add-mask::made', msg: '***' }, masks),
    ).toBe(undefined)
    expect(parse({ ...inStep, command: 'summary', content: 'made and given', msg: '' }, masks)).toMatchObject(
      {
        content: '*** and ***',
      },
    )
  })

  it('drops a mask also when the rest of its line is not understood', () => {
    const masks = new Masks()
    expect(parse({ command: 'add-mask', arg: 'made', msg: 7 }, masks)).toBe(undefined)
    expect(masks.apply('made')).toBe('***')
  })

  it.each(['not JSON', '{"msg":', '{"msg":7}', '[1]', 'null'])(
    'keeps %j, which it does not understand',
    (text) => {
      expect(parseLine(text, new Masks())).toEqual({ type: 'runner', job: undefined, text })
    },
  )

  it('hides secrets in a line that it does not understand', () => {
    expect(parseLine('panic: given', new Masks(['given']))).toMatchObject({ text: 'panic: ***' })
  })

  it('drops an empty line', () => {
    expect(parseLine(' ', new Masks())).toBe(undefined)
  })
})
