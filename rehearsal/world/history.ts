import type { CheckRun } from '../github/state/checks.ts'
import type { RunEvent } from '../runner/run.ts'
import { engineer } from './caller-repository.ts'
import { reviewers, type World } from './world.ts'

/** Away from the numbers of the deployments. */
const firstTestRun = 100_000

/** What people and tools have done with a release before it is tagged. */
export interface ReleaseHistory {
  /** Its commits came by a pull request that somebody else approved; else they were pushed directly. */
  readonly isReviewed: boolean
  /** Its tests have run, and are green. */
  readonly isTested: boolean
}

/** Files on GitHub what is not in git: the merged pull request of the release's new commits, and its tests. */
export async function fileHistory(
  { github: { state }, repository }: World,
  commit: string,
  { isReviewed, isTested }: ReleaseHistory,
): Promise<void> {
  const base = await repository.inBare('rev-parse', 'v1.0.0^{commit}')
  const released = await repository.inBare('rev-list', '--reverse', `${base}..${commit}`)
  const commits = released.split('\n').filter((sha) => sha !== '' && state.pulls.ofCommit(sha).length === 0)
  if (isReviewed && commits.length > 0) {
    state.pulls.add({
      title: 'WP-123 Optimize upload performance',
      author: engineer,
      head: { ref: 'uploads', sha: commit },
      base: { ref: 'main', sha: base },
      commits,
      reviews: [{ author: reviewers['production-team-lead'], state: 'APPROVED', body: 'Nice.' }],
      merged: { by: engineer, sha: commit },
    })
  }
  if (isTested && state.checks.runs(commit).length === 0) {
    const { suiteId } = state.runs.add({
      id: firstTestRun + state.runs.list().length,
      path: '.github/workflows/ci.yml',
      headRef: 'main',
      headSha: commit,
      actor: engineer,
      status: 'completed',
      conclusion: 'success',
    })
    for (const name of ['unit', 'integration', 'e2e'])
      state.checks.addRun({ sha: commit, name, suiteId, conclusion: 'success' })
  }
}

/** The jobs of a run are checks of its commit, also those of the deployment itself. */
export function checksOfRun({ github: { state } }: World, runId: number): (event: RunEvent) => void {
  const started = new Map<string, CheckRun>()
  const { headSha: sha, suiteId } = state.runs.get(runId)
  return (event) => {
    if (event.type === 'job-started')
      started.set(event.job.id, state.checks.addRun({ sha, name: event.job.name, suiteId }))
    const check = event.type === 'job-finished' ? started.get(event.job.id) : undefined
    if (event.type === 'job-finished' && check !== undefined) state.checks.complete(check, event.result)
  }
}
