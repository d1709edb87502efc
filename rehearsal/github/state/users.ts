import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'

export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'

export interface User {
  id: number
  login: string
  type: 'User' | 'Bot' | 'Organization'
  name: string | null
  email: string | null
  /** What the user may do in the repository. */
  role: Role
  createdAt: string
}

export interface NewUser {
  login: string
  role?: Role
  name?: string
  /** The address of the user's commits; `login@users.noreply.github.com` always counts as the user's. */
  email?: string
  type?: User['type']
}

/** The login that the token of a workflow acts as. */
export const workflowBot = 'github-actions[bot]'

/** How the tokens of people begin here; GitHub's say nothing of whose they are. */
const userToken = 'ghu_'

/** The people (and the bot) that the repository knows. Logins do not depend on upper and lower case. */
export class Users {
  readonly #users = new Map<string, User>()
  readonly #ids: Sequence
  readonly #timestamp: Timestamp

  constructor(ids: Sequence, timestamp: Timestamp, owner: string) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.add({ login: owner, type: 'Organization', role: 'admin' })
    this.add({ login: workflowBot, type: 'Bot', role: 'write' })
  }

  /** Adds a user, or replaces what is known of the one with this login. */
  add({ login, role = 'none', name, email, type = 'User' }: NewUser): User {
    const id = this.find(login)?.id ?? this.#ids.next()
    const user = {
      id,
      login,
      type,
      name: name ?? null,
      email: email ?? null,
      role,
      createdAt: this.#timestamp(),
    }
    this.#users.set(login.toLowerCase(), user)
    return user
  }

  find(login: string): User | undefined {
    return this.#users.get(login.toLowerCase())
  }

  /** The user with this login; a scenario that names somebody unknown is wrong. */
  get(login: string): User {
    const user = this.find(login)
    if (user === undefined) throw new Error(`There is no user "${login}": add it with state.users.add first.`)
    return user
  }

  /** The user whose commits carry this address, as GitHub attributes them. */
  byEmail(email: string): User | undefined {
    const [, noreply] = /^(?:\d+\+)?(.+)@users\.noreply\.github\.com$/i.exec(email) ?? []
    if (noreply !== undefined) return this.find(noreply)
    return [...this.#users.values()].find((user) => user.email?.toLowerCase() === email.toLowerCase())
  }

  /** A token that acts as this user; every other acts as the bot of workflows. */
  tokenOf(login: string): string {
    return `${userToken}${this.get(login).login}`
  }

  /** Who acts with a token. */
  byToken(token: string | undefined): User {
    return (
      (token?.startsWith(userToken) === true ? this.find(token.slice(userToken.length)) : undefined) ??
      this.bot
    )
  }

  get bot(): User {
    return this.get(workflowBot)
  }
}
