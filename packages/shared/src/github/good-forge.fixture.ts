// A forge where all is as it should be, for tests of the phases.
import { checklistHeading, taskLine, type Checklist } from '../record/checklist.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { deploymentName } from '../record/ticket-marker.ts'
import { comparisonOf, FakeForge, reviewedPull } from './forge.fixture.ts'

/**
 * The release of the record came by an approved pull request with its documentation, its tests are green, and rosa has
 * ticked the checklist of its ticket.
 */
export function goodForge(
  record: Pick<DeploymentRecord, 'pipeline' | 'environment' | 'version' | 'run' | 'commit'>,
  { required }: Checklist,
): FakeForge {
  const forge = new FakeForge()
  const { commit } = record
  const release = { sha: commit, message: 'Faster uploads', isMerge: false }
  forge.comparison = comparisonOf([release], { files: ['src/app.ts', 'CHANGELOG.md'] })
  forge.pulls.set(commit, [reviewedPull(commit)])
  forge.commitChecks = ['unit', 'integration', 'e2e'].map((name) => ({
    name,
    state: 'passed',
    detail: 'success',
  }))
  const bodyOf = (isTicked: boolean): string => {
    const task = { isTicked, text: '', behind: '' }
    return [checklistHeading, '', ...required.map((line) => taskLine(line, task, (text) => text))].join('\n')
  }
  const url = 'https://github.example/acme/x/issues/412'
  const text = { title: 'Deploy', body: bodyOf(true), labels: ['deployment'], state: 'open' as const }
  forge.tickets.set(412, { number: 412, url, deployment: deploymentName(record), ...text })
  forge.versions = [
    { body: bodyOf(false), at: new Date('2026-11-23T09:00:00Z'), by: 'github-actions', isPerson: false },
    { body: bodyOf(true), at: new Date('2026-11-23T09:20:00Z'), by: 'rosa', isPerson: true },
  ]
  return forge
}
