import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub

beforeAll(async () => {
  hub = await startTestGitHub()
})
afterAll(() => hub.stop())
afterEach(() => {
  hub.github.violations.splice(0)
})

const ask = (query: string, variables: Record<string, unknown> = {}) => hub.octokit.graphql(query, variables)
const inRepository = (fields: string) => `{ repository(owner: "ACME", name: "kafka-pipeline") { ${fields} } }`

describe('a query', () => {
  it.each([
    ['is no GraphQL', '{', 'Syntax Error'],
    ['asks for a field that GitHub has not', inRepository('colour'), 'Cannot query field "colour"'],
    [
      'gives an argument that GitHub has not',
      inRepository('issue(number: 1, nr: 1) { number }'),
      'Unknown argument "nr"',
    ],
    ['misses a variable', `query($n: Int!) ${inRepository('issue(number: $n) { number }')}`, '$n'],
    [
      'asks for a field that the stand-in does not serve',
      inRepository('stargazerCount'),
      'does not serve Repository.stargazerCount',
    ],
  ])('that %s is refused, and a violation', async (_, query, message) => {
    await expect(ask(query)).rejects.toThrow(message)
    expect(hub.github.violations).toEqual([expect.stringContaining(message)])
  })

  it('with an argument that the stand-in would ignore is a violation', async () => {
    const sha = (await hub.show('rev-parse', 'main')).trim()
    const pulls =
      'associatedPullRequests(first: 1, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { number } }'
    await ask(inRepository(`object(oid: "${sha}") { ... on Commit { ${pulls} } }`))
    expect(hub.github.violations).toEqual([
      expect.stringContaining('"orderBy" of Commit.associatedPullRequests'),
    ])
  })

  it('is refused as GitHub refuses it, without a violation', async () => {
    const { state } = hub.github
    state.users.add({ login: 'rosa', role: 'write' })
    const { number } = state.issues.open({ title: 'x', author: 'rosa' })
    const edits = (page: string) =>
      inRepository(`issue(number: ${number}) { userContentEdits${page} { totalCount } }`)
    await expect(ask(edits(''))).rejects.toThrow('You must provide a `first` or `last` value')
    await expect(ask(edits('(first: 101)'))).rejects.toThrow('exceeds the `first` limit of 100 records')
    await expect(ask(inRepository('issue(number: 999) { number }'))).rejects.toMatchObject({
      errors: [{ type: 'NOT_FOUND', message: 'Could not resolve to an Issue with the number of 999.' }],
    })
    await expect(ask('{ repository(owner: "x", name: "y") { id } }')).rejects.toThrow('Could not resolve to')
    expect(hub.github.violations).toEqual([])
  })
})
