import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { judgeReviews, type MergedPull, type Opinion, type ReleasedCommit } from './code-review.ts'

const approval = (by: string, more: Partial<Opinion> = {}): Opinion => ({
  by,
  state: 'approved',
  commit: 'head',
  ...more,
})
const pull = (reviews: readonly Opinion[], more: Partial<MergedPull> = {}): MergedPull => ({
  number: 12,
  author: 'ana',
  head: 'head',
  reviews,
  ...more,
})
const commit = (...pulls: MergedPull[]): ReleasedCommit<MergedPull> => ({
  commit: 'c0ffee',
  author: 'ana',
  pulls,
})

describe('judgeReviews', () => {
  it.each<[string, readonly Opinion[], string | undefined]>([
    ['by somebody else', [approval('zoe')], undefined],
    ['by nobody', [], 'no approval counts'],
    ['by its author, in other case', [approval('Ana')], 'no approval counts; Ana wrote it'],
    [
      'before its last commit',
      [approval('zoe', { commit: 'older' })],
      'no approval counts; the one of zoe is of an older commit',
    ],
    [
      'of a commit that is gone',
      [approval('zoe', { commit: undefined })],
      'no approval counts; the one of zoe is of an older commit',
    ],
    [
      'but dismissed',
      [approval('zoe', { state: 'dismissed' })],
      'no approval counts; the one of zoe was dismissed',
    ],
    [
      'where another asked for changes',
      [approval('zoe'), approval('kim', { state: 'changes-requested' })],
      'kim asked for changes',
    ],
  ])('a pull request approved %s', (_, reviews, lacks) => {
    const { reviewed, unreviewed } = judgeReviews([commit(pull(reviews))], 1)
    expect([...reviewed, ...unreviewed].map((change) => change.lacks)).toEqual([lacks])
  })

  it('takes nobody who wrote a commit of it, whoever opened it', () => {
    const opened = pull([approval('zoe')])
    const byZoe = { ...commit(opened), author: 'zoe' }
    expect(judgeReviews([commit(opened), byZoe], 1).unreviewed).toMatchObject([
      { lacks: 'no approval counts; zoe wrote it' },
    ])
  })

  it('counts people, as many as are needed', () => {
    const both = [commit(pull([approval('zoe'), approval('kim')]))]
    expect(judgeReviews(both, 2).reviewed).toMatchObject([{ by: ['zoe', 'kim'] }])
    expect(judgeReviews([commit(pull([approval('zoe')]))], 2).unreviewed).toMatchObject([
      { lacks: '1 of 2 approvals count' },
    ])
    expect(judgeReviews([commit(pull([]))], 0).reviewed).toHaveLength(1)
  })

  it('names commits that came by no pull request, also where none needs an approval', () => {
    expect(judgeReviews([commit(), commit(pull([approval('zoe')]))], 0).direct).toHaveLength(1)
  })

  it('takes one reviewed pull request of several, such as that of the branch into which another was merged', () => {
    const inner = pull([], { number: 11 })
    const outer = pull([approval('zoe')])
    expect(judgeReviews([commit(inner, outer)], 1).unreviewed).toEqual([])
    // The merge of the inner one came by it alone.
    expect(judgeReviews([commit(inner, outer), commit(inner)], 1).unreviewed).toMatchObject([
      { pull: { number: 11 } },
    ])
  })

  it('is never satisfied by the authors alone', () => {
    const login = fc.constantFrom('ana', 'zoe', 'kim', 'lee')
    const opinion = fc.record({
      by: login,
      state: fc.constantFrom('approved' as const, 'dismissed' as const),
      commit: fc.constantFrom('head', 'older'),
    })
    const commits = fc.array(fc.record({ author: login, reviews: fc.array(opinion, { maxLength: 4 }) }), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(commits, fc.integer({ min: 1, max: 3 }), (list, needed) => {
        const one = pull(list[0]?.reviews ?? [])
        const released = list.map(({ author }) => ({ commit: 'c', author, pulls: [one] }))
        const authors = new Set(['ana', ...list.map(({ author }) => author)])
        for (const { by } of judgeReviews(released, needed).reviewed) {
          expect(new Set(by).size).toBeGreaterThanOrEqual(needed)
          expect(by.filter((each) => authors.has(each))).toEqual([])
          for (const each of by)
            expect(one.reviews).toContainEqual({ by: each, state: 'approved', commit: 'head' })
        }
      }),
    )
  })
})
