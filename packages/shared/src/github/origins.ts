import * as z from 'zod'
import type { CommitOrigin, Review, ReviewedPull } from './forge.ts'
import { asking, type Repository } from './octokit.ts'
import { askRepository } from './query.ts'

/** One question asks about so many: the API refuses questions whose answers could be very large. */
const commitsAtOnce = 50

const actor = z.object({ login: z.string() }).nullable()

const reviewSchema = z.object({
  state: z.string(),
  author: actor,
  commit: z.object({ oid: z.string() }).nullable(),
})

const pullSchema = z.object({
  number: z.number(),
  title: z.string(),
  url: z.string(),
  merged: z.boolean(),
  author: actor,
  headRefOid: z.string(),
  latestOpinionatedReviews: z.object({ nodes: z.array(reviewSchema) }).nullable(),
})

const originSchema = z.object({
  oid: z.string(),
  author: z.object({ user: actor }).nullable(),
  associatedPullRequests: z.object({ nodes: z.array(pullSchema) }).nullable(),
})

/** Of those who may write: anybody can approve a public repository's pull request. */
const fragment = `fragment origin on Commit {
  oid
  author { user { login } }
  associatedPullRequests(first: 5) { nodes {
    number title url merged author { login } headRefOid
    latestOpinionatedReviews(first: 50, writersOnly: true) { nodes { state author { login } commit { oid } } }
  } }
}`

const states: Readonly<Record<string, Review['state']>> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes-requested',
  DISMISSED: 'dismissed',
}

/** How commits came in: by which merged pull requests, and who reviewed those. 50 commits are one request. */
export async function originsOf(
  repository: Repository,
  commits: readonly string[],
  signal: AbortSignal,
): Promise<readonly CommitOrigin[]> {
  return asking('Reading by which pull requests the commits came', 'pull-requests: read', async () => {
    const origins: CommitOrigin[] = []
    for (let begin = 0; begin < commits.length; begin += commitsAtOnce) {
      origins.push(...(await some(repository, commits.slice(begin, begin + commitsAtOnce), signal)))
    }
    return origins
  })
}

async function some(
  repository: Repository,
  commits: readonly string[],
  signal: AbortSignal,
): Promise<CommitOrigin[]> {
  const names = commits.map((_, index) => `c${index}`)
  const found = await askRepository(
    repository,
    {
      declared: names.map((name) => `$${name}: GitObjectID!`).join(', '),
      fields: names.map((name) => `${name}: object(oid: $${name}) { ...origin }`).join(' '),
      fragments: fragment,
      shape: z.record(z.string(), originSchema.nullable()),
    },
    Object.fromEntries(commits.map((commit, index) => [`c${index}`, commit])),
    signal,
  )
  return names.flatMap((name) => {
    const origin = found[name] ?? undefined
    return origin === undefined ? [] : [originOf(origin)]
  })
}

function originOf({ oid, author, associatedPullRequests }: z.output<typeof originSchema>): CommitOrigin {
  const pulls = (associatedPullRequests?.nodes ?? []).filter(({ merged }) => merged)
  return { commit: oid, author: author?.user?.login, pulls: pulls.map(pullOf) }
}

function pullOf({ number, title, url, author, ...pull }: z.output<typeof pullSchema>): ReviewedPull {
  const reviews = (pull.latestOpinionatedReviews?.nodes ?? []).flatMap((review): Review[] => {
    const state = states[review.state]
    if (state === undefined || review.author === null) return []
    return [{ by: review.author.login, state, commit: review.commit?.oid }]
  })
  return { number, title, url, author: author?.login, head: pull.headRefOid, reviews }
}
