import { UserError } from '../errors.ts'
import type { Ticket, TicketKey, TicketText } from './forge.ts'
import { asking, hasStatus, isRequestFailure, type Repository } from './octokit.ts'
import { markedDeployment } from '../record/ticket-marker.ts'

const permission = 'issues: write'

/** A ticket is looked for among issues that changed since its deployment began; clocks may differ by this much. */
const clockSkewMs = 60 * 60_000

/** The ticket of a deployment; where there are several, the oldest. */
export async function findTicket(
  repository: Repository,
  key: TicketKey,
  signal: AbortSignal,
): Promise<Ticket | undefined> {
  return asking('Looking for the deployment ticket', permission, () =>
    withIssues(async () => {
      const known = key.number === undefined ? undefined : await readIssue(repository, key.number, signal)
      if (known !== undefined && markedDeployment(known.body) === key.deployment) return known
      return (await marked(repository, key, signal))[0]
    }),
  )
}

/**
 * Opens the ticket of a deployment. There is one, whoever else opens it at the same time: of several the oldest stays, and
 * each opener closes its own if it is not that one.
 */
export async function openTicket(
  repository: Repository,
  key: TicketKey,
  text: TicketText,
  signal: AbortSignal,
): Promise<Ticket> {
  return asking('Opening the deployment ticket', permission, () =>
    withIssues(async () => {
      const own = await create(repository, key, text, signal)
      const oldest = (await marked(repository, key, signal))[0]
      if (oldest === undefined || oldest.number >= own.number) return own
      await repository.octokit.rest.issues.update({
        ...at(repository, signal),
        issue_number: own.number,
        title: `Duplicate of the ticket #${oldest.number}`,
        body: `Two runs opened a ticket for the same deployment at the same time. It is told in #${oldest.number}.`,
        state: 'closed',
        state_reason: 'not_planned',
      })
      return oldest
    }),
  )
}

/** Replaces what a ticket says, and whether it is open. Labels are replaced too. */
export async function updateTicket(
  repository: Repository,
  number: number,
  { title, body, labels, state }: TicketText,
  signal: AbortSignal,
): Promise<void> {
  await asking(`Updating the deployment ticket #${number}`, permission, () =>
    withIssues(() =>
      repository.octokit.rest.issues.update({
        ...at(repository, signal),
        issue_number: number,
        title,
        body,
        labels: [...labels],
        state,
        ...(state === 'closed' && { state_reason: 'completed' }),
      }),
    ),
  )
}

function at({ owner, repo }: Repository, signal: AbortSignal) {
  return { owner, repo, request: { signal } }
}

/**
 * Creating is the one request that must not be sent twice unseen: an answer that was lost may have left an issue. So
 * it is not repeated blindly; what is there is looked at first.
 */
async function create(
  repository: Repository,
  key: TicketKey,
  text: TicketText,
  signal: AbortSignal,
): Promise<Ticket> {
  const once = { ...at(repository, signal), request: { signal, retries: 0 } }
  const send = async (): Promise<Ticket> => {
    const { title, body, labels } = text
    const { data } = await repository.octokit.rest.issues.create({
      ...once,
      title,
      body,
      labels: [...labels],
    })
    return ticketOf(data)
  }
  try {
    return await send()
  } catch (error) {
    if (!isRequestFailure(error) || error.status < 500) throw error
    return (await marked(repository, key, signal))[0] ?? (await send())
  }
}

/** Every issue that carries the deployment's marker, oldest first. */
async function marked(repository: Repository, key: TicketKey, signal: AbortSignal): Promise<Ticket[]> {
  const { octokit } = repository
  const issues = await octokit.paginate(octokit.rest.issues.listForRepo, {
    ...at(repository, signal),
    state: 'all',
    since: new Date(key.since.getTime() - clockSkewMs).toISOString(),
    per_page: 100,
    ...(key.label !== undefined && { labels: key.label }),
  })
  return issues
    .filter((issue) => issue.pull_request === undefined && markedDeployment(issue.body) === key.deployment)
    .map(ticketOf)
    .sort((a, b) => a.number - b.number)
}

async function readIssue(
  repository: Repository,
  number: number,
  signal: AbortSignal,
): Promise<Ticket | undefined> {
  try {
    const { data } = await repository.octokit.rest.issues.get({
      ...at(repository, signal),
      issue_number: number,
    })
    return ticketOf(data)
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

interface Issue {
  readonly number: number
  readonly html_url: string
  readonly body?: string | null | undefined
  readonly labels: readonly (string | { readonly name?: string })[]
}

function ticketOf({ number, html_url: url, body, labels }: Issue): Ticket {
  const names = labels.flatMap((label) => (typeof label === 'string' ? label : (label.name ?? [])))
  return { number, url, body: body ?? '', labels: names }
}

/** Says what to do where a repository has no issues. */
async function withIssues<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!hasStatus(error, 410)) throw error
    throw new UserError(
      'The deployment ticket cannot be written: this repository has no issues.',
      'Switch issues on in the settings of the repository.',
      { cause: error },
    )
  }
}
