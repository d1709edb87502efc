// A forge where all is as it should be, for tests of the phases.
import type { DeploymentRecord } from '../record/schema.ts'
import { comparisonOf, FakeForge, reviewedPull } from './forge.fixture.ts'

/** The release of the record came by an approved pull request with its documentation, and its tests are green. */
export function goodForge({ commit }: Pick<DeploymentRecord, 'commit'>): FakeForge {
  const forge = new FakeForge()
  const release = { sha: commit, message: 'Faster uploads', isMerge: false }
  forge.comparison = comparisonOf([release], { files: ['src/app.ts', 'CHANGELOG.md'] })
  forge.pulls.set(commit, [reviewedPull(commit)])
  forge.commitChecks = ['unit', 'integration', 'e2e'].map((name) => ({
    name,
    state: 'passed',
    detail: 'success',
  }))
  return forge
}
