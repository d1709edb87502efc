import { sameLogin } from './approval.ts'

/** What a person last said of a pull request. */
export interface Opinion {
  readonly by: string
  readonly state: 'approved' | 'changes-requested' | 'dismissed'
  /** The commit that was looked at. */
  readonly commit: string | undefined
}

/** A merged pull request. */
export interface MergedPull {
  readonly number: number
  readonly author: string | undefined
  /** Its last commit. */
  readonly head: string
  readonly reviews: readonly Opinion[]
}

/** A commit of a release, with the merged pull requests that brought it. */
export interface ReleasedCommit<Pull extends MergedPull> {
  readonly commit: string
  readonly author: string | undefined
  readonly pulls: readonly Pull[]
}

/** A pull request with what its reviews come to. */
export interface ReviewedChange<Pull extends MergedPull> {
  readonly pull: Pull
  /** Those whose approval counts. */
  readonly by: readonly string[]
  /** Why it is not reviewed; undefined where it is. */
  readonly lacks: string | undefined
}

export interface ReviewFindings<Pull extends MergedPull> {
  /** Every pull request by which a commit of the release came, each once. */
  readonly reviewed: readonly ReviewedChange<Pull>[]
  /** Those that brought a commit which no reviewed one brought. */
  readonly unreviewed: readonly ReviewedChange<Pull>[]
  /** Commits that came by none. */
  readonly direct: readonly ReleasedCommit<Pull>[]
}

/**
 * Whether every commit was reviewed: it came by a merged pull request that enough people approved, none of whom wrote
 * any of it. An approval of an older commit than the last one is not of what was merged.
 *
 * @param needed approvals for each pull request
 */
export function judgeReviews<Pull extends MergedPull>(
  commits: readonly ReleasedCommit<Pull>[],
  needed: number,
): ReviewFindings<Pull> {
  const changes = new Map<number, ReviewedChange<Pull>>()
  for (const pull of commits.flatMap(({ pulls }) => pulls)) {
    if (!changes.has(pull.number)) changes.set(pull.number, judgePull(pull, authorsOf(pull, commits), needed))
  }
  const changesOf = ({ pulls }: ReleasedCommit<Pull>): ReviewedChange<Pull>[] =>
    pulls.flatMap(({ number }) => changes.get(number) ?? [])
  const isReviewed = (commit: ReleasedCommit<Pull>): boolean =>
    changesOf(commit).some(({ lacks }) => lacks === undefined)
  const all = [...changes.values()]
  const needing = new Set(commits.filter((commit) => !isReviewed(commit)).flatMap(changesOf))
  return {
    reviewed: all.filter(({ lacks }) => lacks === undefined),
    unreviewed: all.filter((change) => needing.has(change)),
    direct: commits.filter(({ pulls }) => pulls.length === 0),
  }
}

/** Who opened it, and who wrote its commits: one can open what another has written. */
function authorsOf<Pull extends MergedPull>(pull: Pull, commits: readonly ReleasedCommit<Pull>[]): string[] {
  const wrote = commits.filter(({ pulls }) => pulls.some(({ number }) => number === pull.number))
  return [pull.author, ...wrote.map(({ author }) => author)].filter((author) => author !== undefined)
}

function judgePull<Pull extends MergedPull>(
  pull: Pull,
  authors: readonly string[],
  needed: number,
): ReviewedChange<Pull> {
  const objections = pull.reviews.filter(({ state }) => state === 'changes-requested').map(({ by }) => by)
  const doubts = new Map(pull.reviews.map((review) => [review.by, doubtOf(review, pull, authors)]))
  const by = [...doubts].flatMap(([login, doubt]) => (doubt === undefined ? [login] : []))
  if (objections.length > 0) return { pull, by, lacks: `${objections.join(', ')} asked for changes` }
  if (by.length >= needed) return { pull, by, lacks: undefined }
  const why = [...doubts.values()].filter((doubt) => doubt !== undefined)
  const count = by.length === 0 ? 'no approval counts' : `${by.length} of ${needed} approvals count`
  return { pull, by, lacks: [count, ...why].join('; ') }
}

/** Why an opinion is no approval; undefined where it is one. */
function doubtOf(
  { by, state, commit }: Opinion,
  { head }: MergedPull,
  authors: readonly string[],
): string | undefined {
  if (state === 'dismissed') return `the one of ${by} was dismissed`
  if (authors.some((author) => sameLogin(author, by))) return `${by} wrote it`
  return commit === head ? undefined : `the one of ${by} is of an older commit`
}
