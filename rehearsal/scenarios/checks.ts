/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What was found. */
  readonly detail: string
}

/** Collects what was looked at; one that does not hold never hides the others. */
export class Checks {
  readonly all: Check[] = []
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** Looks at one thing. `found` is said either way; a `look` that throws does not hold. */
  async that(name: string, look: () => Promise<Finding> | Finding): Promise<void> {
    const { ok, found } = await this.#looked(look)
    this.all.push({ name, ok, detail: found })
    this.#print(`${ok ? '✔' : '✘'} ${name}${found === '' ? '' : `: ${found}`}`)
  }

  async #looked(look: () => Promise<Finding> | Finding): Promise<Finding> {
    try {
      return await look()
    } catch (error) {
      return { ok: false, found: error instanceof Error ? error.message : String(error) }
    }
  }

  get failed(): readonly Check[] {
    return this.all.filter((check) => !check.ok)
  }
}

/** Whether it holds, and what was found. */
export interface Finding {
  readonly ok: boolean
  readonly found: string
}

/** Holds where the two are equal. */
export function equal(found: unknown, wanted: unknown): Finding {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value))
  return { ok: a === b, found: a === b ? (a ?? '') : `found ${a ?? ''}, wanted ${b ?? ''}` }
}

/** Holds where the text says it. */
export function says(text: string, wanted: string | RegExp): Finding {
  const ok = typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)
  return { ok, found: ok ? '' : `not found: ${String(wanted)} in: ${text.slice(0, 500)}` }
}
