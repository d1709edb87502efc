// A forge in memory for tests of the phases.
import { UserError } from '../errors.ts'
import type { PullRequest } from '../record/changes.ts'
import type {
  AnnotatedTag,
  Comparison,
  Forge,
  LogEntry,
  RunApproval,
  Ticket,
  TicketKey,
  TicketText,
} from './forge.ts'

export class FakeForge implements Forge {
  readonly tags = new Map<string, string>()
  readonly made: AnnotatedTag[] = []
  readonly log: LogEntry[] = []
  answers: RunApproval[] = []
  author: string | undefined = 'ana'
  comparison: Comparison | undefined = { commits: [], total: 0, missing: 0 }
  /** By commit. */
  readonly pulls = new Map<string, readonly PullRequest[]>()
  /** By number, each with the record that it is for. */
  readonly tickets = new Map<number, Ticket & TicketText & { readonly recordId: string }>()
  /** What every call about tickets, changes and pull requests is refused with. */
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

  pullRequestsOf(commit: string): Promise<readonly PullRequest[]> {
    return this.#allowed(this.pulls.get(commit) ?? [])
  }

  findTicket({ recordId }: TicketKey): Promise<Ticket | undefined> {
    return this.#allowed([...this.tickets.values()].find((ticket) => ticket.recordId === recordId))
  }

  openTicket({ recordId }: TicketKey, text: TicketText): Promise<Ticket> {
    const number = 412 + this.tickets.size
    const ticket = { ...text, number, recordId, url: `https://github.example/acme/x/issues/${number}` }
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
