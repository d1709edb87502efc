import type { Issue, Issues } from './issues.ts'
import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'
import type { User, Users } from './users.ts'

export interface Review {
  id: number
  author: User
  body: string
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED'
  /** The head that was reviewed. */
  commit: string
  submittedAt: string
}

export interface Pull {
  /** Title, body, author, labels and state. */
  issue: Issue
  head: { ref: string; sha: string }
  base: { ref: string; sha: string }
  /** The SHAs that the pull request brought, the head among them. */
  commits: string[]
  merged: { at: string; by: User; sha: string } | undefined
  isDraft: boolean
  reviews: Review[]
}

export interface NewReview {
  author: string
  state: Review['state']
  body?: string
  /** The pull request's head unless given. */
  commit?: string
}

export interface NewPull {
  title: string
  body?: string
  author: string
  labels?: readonly string[]
  head: Pull['head']
  base: Pull['base']
  /** All SHAs of the pull request; its head alone unless given. */
  commits?: readonly string[]
  merged?: { by: string; sha: string }
  isDraft?: boolean
  reviews?: readonly NewReview[]
}

/** Pull requests and their reviews. */
export class Pulls {
  readonly #pulls: Pull[] = []
  readonly #ids: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users
  readonly #issues: Issues

  constructor(ids: Sequence, timestamp: Timestamp, users: Users, issues: Issues) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.#users = users
    this.#issues = issues
  }

  add({
    title,
    body,
    author,
    labels = [],
    head,
    base,
    commits,
    merged,
    isDraft = false,
    reviews = [],
  }: NewPull): Pull {
    const issue = this.#issues.open({ title, body: body ?? null, author, labels, isPull: true })
    const brought = [...new Set([...(commits ?? []), head.sha])]
    const pull: Pull = { issue, head, base, commits: brought, merged: undefined, isDraft, reviews: [] }
    this.#pulls.push(pull)
    for (const review of reviews) this.review(pull, review)
    if (merged !== undefined) this.merge(pull, merged.by, merged.sha)
    return pull
  }

  /** Records that a pull request was merged as this commit. */
  merge(pull: Pull, by: string, sha: string): void {
    pull.merged = { at: this.#timestamp(), by: this.#users.get(by), sha }
    this.#issues.close(pull.issue, by, null)
  }

  review(pull: Pull, { author, state, body = '', commit = pull.head.sha }: NewReview): Review {
    if (state === 'APPROVED' && pull.issue.author.login === author) {
      throw new Error(`GitHub does not let ${author} approve their own pull request.`)
    }
    const review = {
      id: this.#ids.next(),
      author: this.#users.get(author),
      body,
      state,
      commit,
      submittedAt: this.#timestamp(),
    }
    pull.reviews.push(review)
    return review
  }

  find(number: number): Pull | undefined {
    return this.#pulls.find((pull) => pull.issue.number === number)
  }

  /** All pull requests, newest first. */
  list(): Pull[] {
    return this.#pulls.toReversed()
  }

  /** The pull requests that brought a commit, as a commit of theirs or as the merge. */
  ofCommit(sha: string): Pull[] {
    return this.#pulls.filter((pull) => pull.merged?.sha === sha || pull.commits.includes(sha))
  }
}
