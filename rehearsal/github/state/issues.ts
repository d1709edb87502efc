import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'
import { Labels } from './labels.ts'
import type { Label } from './labels.ts'
import type { User, Users } from './users.ts'

export interface Comment {
  id: number
  author: User
  body: string
  createdAt: string
  updatedAt: string
}

export interface IssueEvent {
  id: number
  actor: User
  createdAt: string
  change:
    | { event: 'labeled' | 'unlabeled'; label: Label }
    | { event: 'renamed'; from: string; to: string }
    | { event: 'closed' | 'reopened' }
}

/** What the body said from a moment on. */
export interface BodyVersion {
  id: number
  editor: User
  at: string
  body: string
}

export interface Issue {
  id: number
  number: number
  title: string
  body: string | null
  author: User
  labels: Label[]
  assignees: User[]
  state: 'open' | 'closed'
  stateReason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null
  closedBy: User | null
  closedAt: string | null
  createdAt: string
  updatedAt: string
  comments: Comment[]
  events: IssueEvent[]
  /** The first as it was opened, then one for each edit. */
  versions: BodyVersion[]
  /** Pull requests are issues too and share their numbers. */
  isPull: boolean
}

export interface NewIssue {
  title: string
  body?: string | null
  author: string
  labels?: readonly string[]
  assignees?: readonly string[]
  isPull?: boolean
}

export type IssueChange = Partial<
  Pick<Issue, 'title' | 'body' | 'state' | 'stateReason'> & {
    labels: readonly string[]
    assignees: readonly string[]
  }
>

/** Issues with their comments, labels and events. */
export class Issues {
  readonly labels: Labels
  readonly #issues = new Map<number, Issue>()
  readonly #ids: Sequence
  readonly #numbers: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users

  constructor(ids: Sequence, numbers: Sequence, timestamp: Timestamp, users: Users) {
    this.labels = new Labels(ids)
    this.#ids = ids
    this.#numbers = numbers
    this.#timestamp = timestamp
    this.#users = users
  }

  open({ title, body = null, author, labels = [], assignees = [], isPull = false }: NewIssue): Issue {
    const at = this.#timestamp()
    const issue: Issue = {
      id: this.#ids.next(),
      number: this.#numbers.next(),
      title,
      body,
      author: this.#users.get(author),
      labels: [],
      assignees: assignees.map((login) => this.#users.get(login)),
      state: 'open',
      stateReason: null,
      closedBy: null,
      closedAt: null,
      createdAt: at,
      updatedAt: at,
      comments: [],
      events: [],
      versions: [],
      isPull,
    }
    this.#issues.set(issue.number, issue)
    this.#keepVersion(issue, author)
    this.addLabels(issue, labels, author)
    return issue
  }

  find(number: number): Issue | undefined {
    return this.#issues.get(number)
  }

  /** All issues and pull requests, newest first. */
  list(): Issue[] {
    return [...this.#issues.values()].reverse()
  }

  update(issue: Issue, change: IssueChange, actor: string): void {
    if (change.title !== undefined && change.title !== issue.title) {
      this.#record(issue, actor, { event: 'renamed', from: issue.title, to: change.title })
      issue.title = change.title
    }
    if (change.body !== undefined && change.body !== issue.body) {
      issue.body = change.body
      this.#keepVersion(issue, actor)
    }
    if (change.labels !== undefined) this.#replaceLabels(issue, change.labels, actor)
    if (change.assignees !== undefined)
      issue.assignees = change.assignees.map((login) => this.#users.get(login))
    if (change.state === 'closed') this.close(issue, actor, change.stateReason)
    if (change.state === 'open') this.#reopen(issue, actor)
    issue.updatedAt = this.#timestamp()
  }

  close(issue: Issue, actor: string, reason: Issue['stateReason'] = 'completed'): void {
    issue.stateReason = reason
    if (issue.state === 'closed') return
    issue.state = 'closed'
    issue.closedBy = this.#users.get(actor)
    issue.closedAt = issue.updatedAt = this.#timestamp()
    this.#record(issue, actor, { event: 'closed' })
  }

  comment(issue: Issue, body: string, author: string): Comment {
    const at = this.#timestamp()
    const comment = {
      id: this.#ids.next(),
      author: this.#users.get(author),
      body,
      createdAt: at,
      updatedAt: at,
    }
    issue.comments.push(comment)
    issue.updatedAt = at
    return comment
  }

  /** A comment by its id, with the issue that it belongs to. */
  findComment(id: number): { issue: Issue; comment: Comment } | undefined {
    for (const issue of this.#issues.values()) {
      const comment = issue.comments.find((candidate) => candidate.id === id)
      if (comment !== undefined) return { issue, comment }
    }
    return undefined
  }

  editComment(comment: Comment, body: string): void {
    comment.body = body
    comment.updatedAt = this.#timestamp()
  }

  /** Adds labels that the issue does not have yet; GitHub creates those that the repository does not have. */
  addLabels(issue: Issue, names: readonly string[], actor: string): void {
    for (const label of names.map((name) => this.labels.ensure(name))) {
      if (issue.labels.includes(label)) continue
      issue.labels.push(label)
      this.#record(issue, actor, { event: 'labeled', label })
    }
  }

  /** Removes a label; false if the issue does not have it. */
  removeLabel(issue: Issue, name: string, actor: string): boolean {
    const label = this.labels.find(name)
    if (label === undefined || !issue.labels.includes(label)) return false
    issue.labels = issue.labels.filter((kept) => kept !== label)
    this.#record(issue, actor, { event: 'unlabeled', label })
    return true
  }

  #keepVersion(issue: Issue, editor: string): void {
    const at = this.#timestamp()
    const body = issue.body ?? ''
    issue.versions.push({ id: this.#ids.next(), editor: this.#users.get(editor), at, body })
  }

  #replaceLabels(issue: Issue, names: readonly string[], actor: string): void {
    const wanted = names.map((name) => this.labels.ensure(name))
    for (const label of issue.labels.filter((one) => !wanted.includes(one)))
      this.removeLabel(issue, label.name, actor)
    this.addLabels(issue, names, actor)
  }

  #reopen(issue: Issue, actor: string): void {
    if (issue.state === 'open') return
    Object.assign(issue, { state: 'open', stateReason: 'reopened', closedBy: null, closedAt: null })
    this.#record(issue, actor, { event: 'reopened' })
  }

  #record(issue: Issue, actor: string, change: IssueEvent['change']): void {
    const at = this.#timestamp()
    issue.events.push({ id: this.#ids.next(), actor: this.#users.get(actor), createdAt: at, change })
    issue.updatedAt = at
  }
}
