import { judgeChecks, testKinds, type CheckFindings } from '../decide/checks.ts'
import type { CommitCheck } from '../github/forge.ts'
import { neededForge } from './forge-needed.ts'
import type { Answer, Gate } from './gate.ts'
import { counted } from './released-commits.ts'

/** The checks of the very commit that is deployed; those of the deployment itself do not count. */
export const checksGreen: Gate<'forge' | 'clock'> = {
  name: 'checks-green',
  question: 'Tests passing: all unit, integration, and E2E tests green',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.checks.mode,
  query: ({ record }) => `gh api 'repos/{owner}/{repo}/commits/${record.commit}/check-runs' --paginate`,
  async measure({ record, runbook, forge }, signal) {
    const { require, ignore } = runbook.gates.checks
    const checks = await neededForge(forge).checks(record.commit, record.run.id, signal)
    return answerOf(judgeChecks(checks, { require, ignore }), require.length > 0)
  },
}

function answerOf(found: CheckFindings<CommitCheck>, areNamed: boolean): Answer {
  const { passed, failed, running, notRun, missing, kinds } = found
  const count = passed.length + failed.length + running.length + notRun.length
  const evidence = [...failed, ...running, ...passed, ...notRun].map(
    ({ name, detail }) => `${name}: ${detail}`,
  )
  const answer = (verdict: Answer['verdict'], sentence: string): Answer => ({
    verdict,
    answer: sentence,
    value: `${passed.length} of ${count} green`,
    evidence: [...missing.map((name) => `${name}: not there, or not run`), ...evidence],
  })

  if (failed.length > 0) return answer('fail', `Not green: ${listed(failed)}.`)
  if (running.length > 0) {
    return answer(
      'inconclusive',
      `Still running: ${listed(running)}. Run the workflow again when that has ended.`,
    )
  }
  if (missing.length > 0) {
    return answer('fail', `The runbook file requires checks that were not run: ${missing.join(', ')}.`)
  }
  if (passed.length === 0) {
    return answer('inconclusive', 'The commit has no checks beside this deployment: nothing is shown.')
  }
  const unseen = testKinds.filter((kind) => kinds[kind].length === 0)
  const seen = testKinds.filter((kind) => kinds[kind].length > 0)
  const green = [
    `${counted(passed.length, 'check')} ${passed.length === 1 ? 'is' : 'are'} green`,
    ...seen.map((kind) => `${kind}: ${kinds[kind].join(', ')}`),
  ].join('; ')
  // Names that the team has given are the tests that it has.
  if (unseen.length === 0 || areNamed) return answer('pass', `${green}.`)
  return answer(
    'warn',
    `${green}. No check is called ${unseen.join(' or ')}: name the tests that you have by "gates.checks.require".`,
  )
}

function listed(checks: readonly CommitCheck[]): string {
  const names = checks.slice(0, 5).map(({ name, detail }) => `${name} (${detail.replaceAll('_', ' ')})`)
  return [...names, ...(checks.length > 5 ? [`${checks.length - 5} more`] : [])].join(', ')
}
