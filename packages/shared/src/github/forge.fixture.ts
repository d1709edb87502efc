// A forge in memory for tests of the phases.
import { UserError } from '../errors.ts'
import type {
  AnnotatedTag,
  CommitCheck,
  CommitOrigin,
  Comparison,
  Forge,
  ForgeCommit,
  LogEntry,
  OpenIssue,
  ReviewedPull,
  RunApproval,
  Ticket,
  TicketKey,
  TicketText,
  TicketVersion,
} from './forge.ts'

/** What these commits bring. */
export function comparisonOf(
  commits: readonly ForgeCommit[] = [],
  more: Partial<Comparison> = {},
): Comparison {
  return { commits, total: commits.length, missing: 0, files: [], areAllFiles: true, ...more }
}

/** A merged pull request of ana's, approved by zoe; `head` is its last commit. */
export function reviewedPull(head: string, more: Partial<ReviewedPull> = {}): ReviewedPull {
  return {
    number: 12,
    title: 'Faster uploads',
    url: 'https://github.example/acme/x/pull/12',
    author: 'ana',
    head,
    reviews: [{ by: 'zoe', state: 'approved', commit: head }],
    ...more,
  }
}

export class FakeForge implements Forge {
  readonly tags = new Map<string, string>()
  readonly made: AnnotatedTag[] = []
  readonly log: LogEntry[] = []
  answers: RunApproval[] = []
  author: string | undefined = 'ana'
  comparison: Comparison | undefined = comparisonOf()
  /** By commit. */
  readonly pulls = new Map<string, readonly ReviewedPull[]>()
  /** Of the commit that is asked about. */
  commitChecks: CommitCheck[] = []
  /** By label. */
  readonly issues = new Map<string, readonly OpenIssue[]>()
  /** Of every ticket. */
  versions: TicketVersion[] = []
  /** By number, each with the deployment that it is for. */
  readonly tickets = new Map<number, Ticket & TicketText & { readonly deployment: string }>()
  /** What every call but those about tags, approvals and the log is refused with. */
  refusal: UserError | undefined

  commitAuthor(): Promise<string | undefined> {
    return Promise.resolve(this.author)
  }

  tagCommit(tag: string): Promise<string | undefined> {
    return Promise.resolve(this.tags.get(tag))
  }

  approvals(): Promise<readonly RunApproval[]> {
    return Promise.resolve(this.answers)
  }

  createTag(tag: AnnotatedTag): Promise<'created' | 'exists'> {
    const existing = this.tags.get(tag.name)
    if (existing === tag.commit) return Promise.resolve('exists')
    if (existing !== undefined) return Promise.reject(new UserError(`The tag ${tag.name} exists already`))
    this.tags.set(tag.name, tag.commit)
    this.made.push(tag)
    return Promise.resolve('created')
  }

  appendLog(entry: LogEntry): Promise<{ added: boolean; commit: string }> {
    const added = !this.log.some(({ line }) => line.includes(entry.key))
    if (added) this.log.push(entry)
    return Promise.resolve({ added, commit: 'd00d' })
  }

  commitsBetween(): Promise<Comparison | undefined> {
    return this.#allowed(this.comparison)
  }

  origins(commits: readonly string[]): Promise<readonly CommitOrigin[]> {
    const { author } = this
    return this.#allowed(commits.map((commit) => ({ commit, author, pulls: this.pulls.get(commit) ?? [] })))
  }

  checks(): Promise<readonly CommitCheck[]> {
    return this.#allowed(this.commitChecks)
  }

  openIssues(label: string): Promise<readonly OpenIssue[]> {
    return this.#allowed(this.issues.get(label) ?? [])
  }

  ticketVersions(): Promise<readonly TicketVersion[]> {
    return this.#allowed(this.versions)
  }

  findTicket({ deployment }: TicketKey): Promise<Ticket | undefined> {
    return this.#allowed([...this.tickets.values()].find((ticket) => ticket.deployment === deployment))
  }

  openTicket({ deployment }: TicketKey, text: TicketText): Promise<Ticket> {
    const number = 412 + this.tickets.size
    const ticket = { ...text, number, deployment, url: `https://github.example/acme/x/issues/${number}` }
    if (this.refusal === undefined) this.tickets.set(number, ticket)
    return this.#allowed(ticket)
  }

  updateTicket(number: number, text: TicketText): Promise<void> {
    const ticket = this.tickets.get(number)
    if (ticket === undefined) return Promise.reject(new Error(`There is no ticket #${number}.`))
    if (this.refusal === undefined) this.tickets.set(number, { ...ticket, ...text })
    return this.#allowed(undefined)
  }

  #allowed<T>(value: T): Promise<T> {
    return this.refusal === undefined ? Promise.resolve(value) : Promise.reject(this.refusal)
  }
}
