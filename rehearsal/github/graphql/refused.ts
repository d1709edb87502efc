/** What GitHub's GraphQL refuses: an entry of `errors` with its type, beside what could be answered. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly type: string

  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}
