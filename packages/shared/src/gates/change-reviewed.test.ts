import { describe, expect, it } from '@jest/globals'
import { comparisonOf, FakeForge, reviewedPull } from '../github/forge.fixture.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { changeReviewed } from './change-reviewed.ts'
import { runGates } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const base = 'b'.repeat(40)
const head = 'a'.repeat(40)
const first = 'f'.repeat(40)
const record = recordOf({
  from: { recordId: 'x', version: 'v1.0.0', commit: base, at: '2026-11-20T10:00:00Z', components: [] },
})
const commit = (sha: string, message = 'Faster') => ({ sha, message, isMerge: false })

function forgeOf(arrange: (forge: FakeForge) => void = () => undefined): FakeForge {
  const forge = new FakeForge()
  forge.comparison = comparisonOf([commit(first), commit(head)])
  for (const sha of [first, head]) forge.pulls.set(sha, [reviewedPull(head)])
  arrange(forge)
  return forge
}

async function ask(forge: FakeForge | undefined, about = record, keys = '') {
  const runbook = loadRunbook(`${TEN_LINES}${keys}`, { file: 'runbook.yaml' })
  const [result] = await runGates(
    [changeReviewed],
    contextOf({ forge, record: about, runbook }),
    new AbortController().signal,
  )
  return result
}
const saying = (text: string): unknown => expect.stringContaining(text)

describe('change-reviewed', () => {
  it('passes where every commit came by an approved pull request', async () => {
    expect(await ask(forgeOf())).toMatchObject({
      verdict: 'pass',
      answer: '2 commits came by 1 pull request, approved by zoe.',
      value: '2 of 2 commits',
      limit: '1 approval each, of others than the authors',
      evidence: ['#12 by ana (Faster uploads): approved by zoe'],
    })
  })

  it('fails on a commit that was pushed directly, and names it', async () => {
    expect(await ask(forgeOf((forge) => forge.pulls.delete(first)))).toMatchObject({
      verdict: 'fail',
      answer: '1 commit came by no pull request: fffffff.',
      value: '1 of 2 commits',
      evidence: [saying('fffffff by ana, pushed directly: Faster'), saying('#12')],
    })
  })

  it('fails on a pull request that nobody else approved, and says why', async () => {
    const own = reviewedPull(head, { reviews: [{ by: 'ana', state: 'approved', commit: head }] })
    expect(await ask(forgeOf((forge) => forge.pulls.set(head, [own]).set(first, [own])))).toMatchObject({
      verdict: 'fail',
      answer: '#12 is not reviewed: no approval counts; ana wrote it.',
      value: '0 of 2 commits',
    })
  })

  it('asks for as many approvals as the runbook file says', async () => {
    expect(await ask(forgeOf(), record, 'gates: { code-review: { approvals: 2 } }\n')).toMatchObject({
      verdict: 'fail',
      answer: saying('1 of 2 approvals count'),
    })
  })

  it('does not pass for more commits than GitHub lists', async () => {
    const forge = forgeOf((each) => {
      each.comparison = comparisonOf([commit(first), commit(head)], { total: 700 })
    })
    expect(await ask(forge)).toMatchObject({
      verdict: 'inconclusive',
      answer: saying('GitHub does not list the other 698'),
    })
  })

  it.each([
    ['no record says what runs', recordOf(), 'because no record says which commit runs'],
    ['history was rewritten', record, 'GitHub does not know the commit that runs (bbbbbbb) any more'],
  ])('looks at the tagged commit alone where %s, and warns', async (_, about, why) => {
    const forge = forgeOf((each) => (each.comparison = undefined))
    expect(await ask(forge, about)).toMatchObject({
      verdict: 'warn',
      answer: saying(why),
      value: '1 of 1 commit',
    })
  })

  it('is skipped where nothing new comes', async () => {
    const forge = forgeOf((each) => (each.comparison = comparisonOf()))
    expect(await ask(forge)).toMatchObject({ verdict: 'skipped' })
  })

  it('does not know without GitHub, nor where GitHub does not know a commit', async () => {
    expect(await ask(undefined)).toMatchObject({ verdict: 'unknown', evidence: [saying('GITHUB_TOKEN')] })
    const forge = forgeOf((each) => (each.origins = () => Promise.resolve([])))
    expect(await ask(forge)).toMatchObject({ verdict: 'unknown', answer: saying('does not know 2 commits') })
  })

  it('only warns, or is not asked, where the runbook file says so', async () => {
    const bad = forgeOf((forge) => forge.pulls.clear())
    expect(await ask(bad, record, 'gates: { code-review: { mode: warn } }\n')).toMatchObject({
      verdict: 'warn',
      answer: saying('fail, but only a warning here: 2 commits came by no pull request'),
    })
    expect(await ask(bad, record, 'gates: { code-review: { mode: off } }\n')).toMatchObject({
      verdict: 'skipped',
    })
  })
})
