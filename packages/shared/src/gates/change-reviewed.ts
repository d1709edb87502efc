import { judgeReviews, type ReviewedChange } from '../decide/code-review.ts'
import { UserError } from '../errors.ts'
import type { CommitOrigin, Comparison, ReviewedPull } from '../github/forge.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { neededForge } from './forge-needed.ts'
import type { Answer, Gate } from './gate.ts'
import { counted, shortCommit, whatItBrings } from './released-commits.ts'

/** Every commit that is new in production was looked at by somebody who did not write it. */
export const changeReviewed: Gate<'forge' | 'clock'> = {
  name: 'change-reviewed',
  question: 'Code review: PR approved by at least one team member',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.codeReview.mode,
  query: ({ record }) =>
    `gh pr list --state merged --search ${record.commit} --json number,author,latestReviews`,
  async measure({ record, runbook, forge: given }, signal) {
    const forge = neededForge(given)
    const { approvals } = runbook.gates.codeReview
    const brought = await whatItBrings(record, forge, signal)
    if (brought?.total === 0) {
      return {
        verdict: 'skipped',
        answer: `${record.version} brings no commit that is not deployed already.`,
      }
    }
    const commits = brought?.commits.map(({ sha }) => sha) ?? [record.commit]
    const origins = await forge.origins(commits, signal)
    if (origins.length < new Set(commits).size) {
      throw new UserError(
        `GitHub does not know ${counted(new Set(commits).size - origins.length, 'commit')} of ${record.version}.`,
        'Push the branch from which the release was tagged.',
      )
    }
    return answerOf(origins, brought, record, approvals)
  },
}

function answerOf(
  origins: readonly CommitOrigin[],
  brought: Comparison | undefined,
  record: DeploymentRecord,
  needed: number,
): Answer {
  const { reviewed, unreviewed, direct } = judgeReviews(origins, needed)
  const evidence = [
    ...direct.map((origin) => directLine(origin, brought)),
    ...unreviewed.map(({ pull, lacks = '' }) => `${pullLine(pull)}: ${lacks}`),
    ...reviewed.map(({ pull, by }) => `${pullLine(pull)}: approved by ${names(by)}`),
  ]
  const limit = `${counted(needed, 'approval')} each, of others than the authors`
  const bad = new Set([...direct, ...origins.filter(({ pulls }) => isAmong(pulls, unreviewed))])
  const value = `${origins.length - bad.size} of ${counted(origins.length, 'commit')}`
  const answer = (verdict: Answer['verdict'], sentence: string): Answer => ({
    verdict,
    answer: sentence,
    value,
    limit,
    evidence,
  })

  if (bad.size > 0) return answer('fail', notReviewed(direct, unreviewed))
  const done = `${counted(origins.length, 'commit')} came by ${counted(reviewed.length, 'pull request')}, approved by ${names(reviewed.flatMap(({ by }) => by))}.`
  if (brought !== undefined && brought.total > origins.length) {
    return answer(
      'inconclusive',
      `The oldest ${done} GitHub does not list the other ${brought.total - origins.length}: deploy a version in between first.`,
    )
  }
  if (brought === undefined) {
    return answer('warn', `Only the tagged commit was looked at, because ${whyOnlyOne(record)}: ${done}`)
  }
  return answer('pass', done)
}

function whyOnlyOne({ from }: DeploymentRecord): string {
  return from?.commit === undefined
    ? 'no record says which commit runs'
    : `GitHub does not know the commit that runs (${shortCommit(from.commit)}) any more`
}

function notReviewed(
  direct: readonly CommitOrigin[],
  unreviewed: readonly ReviewedChange<ReviewedPull>[],
): string {
  const pushed = direct.map(({ commit }) => shortCommit(commit)).slice(0, 5)
  return [
    ...(direct.length === 0
      ? []
      : [`${counted(direct.length, 'commit')} came by no pull request: ${pushed.join(', ')}.`]),
    ...unreviewed.map(({ pull, lacks = '' }) => `#${pull.number} is not reviewed: ${lacks}.`),
  ].join(' ')
}

function isAmong(pulls: readonly ReviewedPull[], changes: readonly ReviewedChange<ReviewedPull>[]): boolean {
  return pulls.some(({ number }) => changes.some(({ pull }) => pull.number === number))
}

function directLine({ commit, author }: CommitOrigin, brought: Comparison | undefined): string {
  const subject = brought?.commits.find(({ sha }) => sha === commit)?.message.split('\n', 1)[0] ?? ''
  return `${shortCommit(commit)} by ${author ?? 'an unknown author'}, pushed directly: ${subject}`
}

function pullLine({ number, title, author }: ReviewedPull): string {
  return `#${number} by ${author ?? 'an account that is gone'} (${title})`
}

function names(logins: readonly string[]): string {
  return [...new Set(logins)].join(', ')
}
