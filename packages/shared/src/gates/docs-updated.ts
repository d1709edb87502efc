import picomatch from 'picomatch'
import { neededForge } from './forge-needed.ts'
import type { Gate } from './gate.ts'
import { counted, whatItBrings } from './released-commits.ts'

/** Documentation that changes with the code is documentation that is true. */
export const docsUpdated: Gate<'forge' | 'clock'> = {
  name: 'docs-updated',
  question: 'Documentation updated: README, runbooks, changelog updated',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.documentation.mode,
  query: ({ record }) =>
    `gh api 'repos/{owner}/{repo}/compare/${record.from?.commit ?? 'WHAT_RUNS'}...${record.commit}' --jq '.files[].filename'`,
  async measure({ record, runbook, forge }, signal) {
    const { paths } = runbook.gates.documentation
    const brought = await whatItBrings(record, neededForge(forge), signal)
    if (brought === undefined) {
      return {
        verdict: 'inconclusive',
        answer: 'Not known: GitHub cannot compare the release with what runs.',
      }
    }
    if (brought.files.length === 0) {
      return { verdict: 'skipped', answer: `${record.version} changes no file.` }
    }
    const patterns = paths.map((path) => picomatch(path, { dot: true, basename: !path.includes('/') }))
    const changed = brought.files.filter((file) => patterns.some((matches) => matches(file)))
    const value = `${changed.length} of ${counted(brought.files.length, 'file')}`
    const limit = paths.join(', ')
    if (changed.length > 0) {
      return {
        verdict: 'pass',
        answer: `Changed: ${changed.slice(0, 5).join(', ')}${changed.length > 5 ? ' …' : ''}.`,
        value,
        limit,
        evidence: changed,
      }
    }
    if (!brought.areAllFiles) {
      const answer = `Not among the first ${brought.files.length} changed files, and GitHub lists no more.`
      return { verdict: 'inconclusive', answer, value, limit }
    }
    return { verdict: 'fail', answer: 'No documentation has changed.', value, limit }
  },
}
