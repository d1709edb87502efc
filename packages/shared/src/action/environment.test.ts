import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { runFacts } from './environment.ts'

const github = {
  GITHUB_RUN_ID: '4711',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'shop/pipeline',
  GITHUB_REF: 'refs/tags/v1.2.3',
  GITHUB_REF_NAME: 'v1.2.3',
  GITHUB_REF_TYPE: 'tag',
  GITHUB_ACTOR: 'ana',
  GITHUB_SHA: 'a'.repeat(40),
}

describe('facts about the run', () => {
  it('come from the runner', () => {
    expect(runFacts(github)).toMatchObject({
      id: '4711',
      attempt: 2,
      url: 'https://github.com/shop/pipeline/actions/runs/4711/attempts/2',
      refName: 'v1.2.3',
      refType: 'tag',
      actor: 'ana',
    })
  })

  it('are absent on a laptop', () => {
    expect(Object.values(runFacts({})).filter((fact) => fact !== undefined)).toEqual([])
  })

  it('are absent one by one where they are odd, and never throw', () => {
    expect(runFacts({ ...github, GITHUB_RUN_ATTEMPT: 'x', GITHUB_SHA: '' })).toMatchObject({
      id: '4711',
      attempt: undefined,
      sha: undefined,
      url: 'https://github.com/shop/pipeline/actions/runs/4711',
    })
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(github)), fc.string()), (variables) => {
        expect(runFacts(variables)).toBeDefined()
      }),
    )
  })
})
