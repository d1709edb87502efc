import { describe, expect, it } from '@jest/globals'
import type { RunApproval } from '@runbook-actions/shared/github/forge.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { fitSummary } from '@runbook-actions/shared/report/fit-summary.ts'
import { readApproval, whoApproved } from './who-approved.ts'

const environment = 'production-on-call'
const clock = { now: () => new Date('2026-11-23T03:00:00.000Z') }
const answer = (by: string, state: RunApproval['state'], at = environment): RunApproval => ({
  environment: at,
  by,
  state,
  comment: 'go, it is *bad*',
})

function ask(
  approvals: ((run: string, signal: AbortSignal) => Promise<readonly RunApproval[]>) | undefined,
  signal = new AbortController().signal,
) {
  const forge = approvals && { approvals }
  return whoApproved(environment, '900', { forge, clock, log: silent, signal })
}

describe('whoApproved', () => {
  it('hands on who approved, when that was seen, and what they said', async () => {
    const runs: string[] = []
    const found = await ask((run) => {
      runs.push(run)
      return Promise.resolve([
        answer('marc', 'approved', 'production'),
        // Of the attempt before: GitHub has asked again.
        answer('marc', 'rejected'),
        answer('tina', 'approved'),
      ])
    })
    expect(runs).toEqual(['900'])
    expect(found).toMatchObject({ outcome: 'passed', reason: 'Approved by tina for production-on-call.' })
    expect(readApproval(found.outputs.approved)).toEqual({
      environment,
      by: 'tina',
      comment: 'go, it is *bad*',
      seenAt: '2026-11-23T03:00:00.000Z',
    })
    expect(fitSummary(found.summary)).toMatch(/@tina for production-on-call: go, it is \\\*bad\\\*/)
  })

  it.each<[string, (() => Promise<readonly RunApproval[]>) | undefined, RegExp]>([
    ['there is no token', undefined, /no token/],
    ['GitHub does not answer', () => Promise.reject(new Error('502 from api.github.com')), /502 from/],
    ['nobody was asked', () => Promise.resolve([]), /has no required reviewers/],
    [
      'only others have answered',
      () => Promise.resolve([answer('marc', 'approved', 'production')]),
      /has no required/,
    ],
  ])('lets the rollback go on where %s, and says so', async (_, approvals, why) => {
    const found = await ask(approvals)
    expect(found).toMatchObject({ outcome: 'passed', outputs: { approved: '' } })
    expect(found.reason).toMatch(why)
    expect(fitSummary(found.summary)).toMatch(/^## 🟨 Who approved the rollback is not known/)
  })

  it('ends with the run that is cancelled', async () => {
    const stop = new AbortController()
    const asking = ask(() => {
      stop.abort(new Error('cancelled'))
      return Promise.reject(new Error('aborted'))
    }, stop.signal)
    await expect(asking).rejects.toThrow('cancelled')
  })
})

describe('readApproval', () => {
  it.each(['tina', '{}', '{"by":"tina"}'])('refuses %s, and says what to pass', (text) => {
    expect(() => readApproval(text)).toThrow(/The input "approved" does not tell who approved/)
  })
})
