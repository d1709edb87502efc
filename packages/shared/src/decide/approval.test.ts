import { describe, expect, it } from '@jest/globals'
import { decideApproval, type Answered } from './approval.ts'

const environment = 'production-product-owner'
const authors = ['rosa', 'ana']
const answer = (
  by: string,
  state: Answered['state'] = 'approved',
  more: Partial<Answered> = {},
): Answered => ({
  environment,
  by,
  state,
  comment: '',
  ...more,
})

describe('decideApproval', () => {
  it('is approved by somebody else at the environment of its class', () => {
    expect(decideApproval([answer('marc', 'approved', { comment: 'go' })], environment, authors)).toEqual({
      approved: true,
      by: 'marc',
      comment: 'go',
    })
  })

  it.each([
    ['nobody answered', [], 'Nobody approved this run at the environment production-product-owner.'],
    ['it waits', [answer('marc', 'pending')], 'Nobody approved this run'],
    [
      'another environment was approved',
      [answer('marc', 'approved', { environment: 'staging' })],
      'Nobody approved this run',
    ],
    ['who started the run approved', [answer('rosa')], 'rosa approved their own change'],
    ['who wrote the commit approved, in other case', [answer('Ana')], 'Ana approved their own change'],
    [
      'somebody rejected it',
      [answer('marc', 'rejected', { comment: 'not on a Friday' })],
      'marc rejected it at production-product-owner: not on a Friday.',
    ],
    ['one approved and one rejected', [answer('marc'), answer('zoe', 'rejected')], 'zoe rejected it'],
  ])('is not approved where %s', (_, answers, reason) => {
    const decision = decideApproval(answers, environment, authors)
    expect(decision).toMatchObject({ approved: false, reason: expect.stringContaining(reason) as unknown })
  })

  it('says whose refusal it is, and calls no missing approval one', () => {
    const no = answer('marc', 'rejected', { comment: 'not on a Friday' })
    expect(decideApproval([no], environment, authors)).toMatchObject({ rejected: no })
    expect(decideApproval([answer('rosa')], environment, authors)).not.toHaveProperty('rejected')
  })

  it('takes the other reviewer where the author approved too', () => {
    expect(decideApproval([answer('marc'), answer('rosa')], environment, authors)).toMatchObject({
      by: 'marc',
    })
  })
})
