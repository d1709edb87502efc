import type { Sequence } from './sequence.ts'

export interface Label {
  id: number
  name: string
  description: string | null
  /** Six hexadecimal digits. */
  color: string
}

/** The colour that GitHub gives a label that nobody described. */
const plainColor = 'ededed'

/** The repository's labels. Names do not depend on upper and lower case. */
export class Labels {
  readonly #labels = new Map<string, Label>()
  readonly #ids: Sequence

  constructor(ids: Sequence) {
    this.#ids = ids
  }

  find(name: string): Label | undefined {
    return this.#labels.get(name.toLowerCase())
  }

  create(name: string, color = plainColor, description: string | null = null): Label {
    const label = { id: this.#ids.next(), name, color, description }
    this.#labels.set(name.toLowerCase(), label)
    return label
  }

  ensure(name: string): Label {
    return this.find(name) ?? this.create(name)
  }
}
