/** One thing that happened. */
export interface TimelineEntry {
  /** Seconds since the rehearsal began. */
  readonly at: number
  readonly text: string
}

/** What happened and when: printed as it happens, kept for the report. */
export class Timeline {
  readonly entries: TimelineEntry[] = []
  readonly #began = performance.now()
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  add(text: string): void {
    const at = Math.round((performance.now() - this.#began) / 100) / 10
    this.entries.push({ at, text })
    this.#print(`${at.toFixed(1).padStart(7)} s  ${text}`)
  }
}
