import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'
import type { User, Users } from './users.ts'

export interface Team {
  id: number
  slug: string
  name: string
  members: User[]
}

export type Reviewer = { type: 'User'; user: User } | { type: 'Team'; team: Team }

export interface Environment {
  id: number
  name: string
  reviewers: Reviewer[]
  waitTimerMinutes: number
  /** The person who started a run may not approve it. */
  preventsSelfReview: boolean
  /** `undefined`: every branch and tag may deploy. */
  branchPolicy: 'protected-branches' | 'custom' | undefined
  createdAt: string
  updatedAt: string
}

export interface NewEnvironment {
  name: string
  /** Logins. */
  reviewers?: readonly string[]
  reviewerTeams?: readonly { slug: string; members: readonly string[] }[]
  waitTimerMinutes?: number
  preventsSelfReview?: boolean
  branchPolicy?: 'protected-branches' | 'custom'
}

/** Deployment environments with their protection rules. Names do not depend on upper and lower case. */
export class Environments {
  readonly #environments = new Map<string, Environment>()
  readonly #ids: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users

  constructor(ids: Sequence, timestamp: Timestamp, users: Users) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.#users = users
  }

  /** Adds an environment, or replaces the rules of the one with this name. */
  set({ name, reviewers = [], reviewerTeams = [], ...rules }: NewEnvironment): Environment {
    const known = this.find(name)
    const at = this.#timestamp()
    const environment: Environment = {
      id: known?.id ?? this.#ids.next(),
      name,
      reviewers: [
        ...reviewers.map((login): Reviewer => ({ type: 'User', user: this.#users.get(login) })),
        ...reviewerTeams.map((team): Reviewer => ({ type: 'Team', team: this.#team(team) })),
      ],
      waitTimerMinutes: rules.waitTimerMinutes ?? 0,
      preventsSelfReview: rules.preventsSelfReview ?? false,
      branchPolicy: rules.branchPolicy,
      createdAt: known?.createdAt ?? at,
      updatedAt: at,
    }
    this.#environments.set(name.toLowerCase(), environment)
    return environment
  }

  find(name: string): Environment | undefined {
    return this.#environments.get(name.toLowerCase())
  }

  /** GitHub creates an environment without rules the first time that something deploys to it. */
  ensure(name: string): Environment {
    return this.find(name) ?? this.set({ name })
  }

  list(): Environment[] {
    return [...this.#environments.values()]
  }

  #team({ slug, members }: { slug: string; members: readonly string[] }): Team {
    return { id: this.#ids.next(), slug, name: slug, members: members.map((login) => this.#users.get(login)) }
  }
}

/** Whether a person is one of the environment's required reviewers, also as a member of a team. */
export function isReviewer({ reviewers }: Environment, person: User): boolean {
  return reviewers.some((reviewer) =>
    reviewer.type === 'User'
      ? reviewer.user.id === person.id
      : reviewer.team.members.some(({ id }) => id === person.id),
  )
}
