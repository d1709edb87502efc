import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'
import type { User, Users } from './users.ts'

export interface Release {
  id: number
  tag: string
  target: string
  name: string | null
  body: string | null
  isDraft: boolean
  isPrerelease: boolean
  author: User
  createdAt: string
}

export type NewRelease = Omit<Release, 'id' | 'author' | 'createdAt'> & { author: string }

/** Releases; their tags are in git. */
export class Releases {
  readonly #releases: Release[] = []
  readonly #ids: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users

  constructor(ids: Sequence, timestamp: Timestamp, users: Users) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.#users = users
  }

  create({ author, ...fields }: NewRelease): Release {
    const release = {
      ...fields,
      id: this.#ids.next(),
      author: this.#users.get(author),
      createdAt: this.#timestamp(),
    }
    this.#releases.push(release)
    return release
  }

  findByTag(tag: string): Release | undefined {
    return this.#releases.find((release) => release.tag === tag)
  }

  /** All releases, newest first. */
  list(): Release[] {
    return this.#releases.toReversed()
  }
}
