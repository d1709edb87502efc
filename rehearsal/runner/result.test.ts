import { describe, expect, it } from '@jest/globals'
import type { RunEvent } from './log.ts'
import { RunRecord } from './result.ts'

const job = { id: 'plan', name: 'deploy / Plan' }
const step = { id: '0', name: 'Roll out', stage: 'Main' }

function record(...events: RunEvent[]): RunRecord {
  const result = new RunRecord()
  for (const event of events) result.add(event)
  return result
}

describe('RunRecord', () => {
  it('puts a job together', () => {
    const { jobs } = record(
      { type: 'job-started', job },
      { type: 'step-started', job, step },
      { type: 'output', job, step, name: 'a', value: 'b' },
      { type: 'step-finished', job, step, outcome: 'success', durationMs: 3 },
      { type: 'step-finished', job, step: { ...step, stage: 'Post' }, outcome: 'failure', durationMs: 9 },
      { type: 'summary', job, step, content: '# A' },
      { type: 'job-finished', job, result: 'success', outputs: { x: 'y' } },
    )
    expect(jobs).toEqual([
      {
        ...job,
        result: 'success',
        steps: [{ id: '0', name: 'Roll out', outcome: 'success', durationMs: 3, outputs: { a: 'b' } }],
        outputs: { x: 'y' },
        summaries: ['# A'],
        annotations: [],
      },
    ])
  })

  it('calls a job failed that began and did not end', () => {
    const { jobs } = record({ type: 'job-started', job }, { type: 'step-started', job, step })
    expect(jobs).toMatchObject([{ result: 'failure', steps: [{ outcome: 'failure' }] }])
  })

  it('keeps the outputs of a called workflow apart, and does not take the calling job for one that ran', () => {
    const result = record({ type: 'call-finished', job, result: 'success', outputs: { a: 'b' } })
    expect(result.outputs).toEqual({ plan: { a: 'b' } })
    expect(result.jobs).toEqual([])
  })

  it('writes the log line by line', () => {
    const result = record(
      { type: 'job-started', job },
      { type: 'line', job, step, text: 'hello' },
      { type: 'runner', job: undefined, text: 'odd' },
    )
    expect(result.log).toBe('deploy / Plan: [job started]\ndeploy / Plan: hello\n[runner] odd')
  })
})
