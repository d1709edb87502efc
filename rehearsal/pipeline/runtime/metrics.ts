/** Numbers of a service in Prometheus's text format, version 0.0.4. */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Upper bounds in seconds; 5 is the runbook's limit for the 95th percentile. */
export const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Labels = Readonly<Record<string, string>>

export interface Counter {
  increment(): void
}

export interface Histogram {
  observe(value: number): void
}

/** The series of one process. Every series exists from the start with the value 0, so that rates count the first event. */
export class Registry {
  readonly #common: Labels
  readonly #families: (() => string[])[] = []

  /** @param common labels that every series carries */
  constructor(common: Labels) {
    this.#common = common
  }

  /** A series that is always 1 and says something by its labels. */
  info(name: string, help: string, labels: Labels = {}): void {
    this.#add(name, help, 'gauge', () => [this.#sample(name, labels, 1)])
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    let total = 0
    this.#add(name, help, 'counter', () => [this.#sample(name, labels, total)])
    return {
      increment: () => {
        total += 1
      },
    }
  }

  histogram(name: string, help: string, buckets: readonly number[], labels: Labels = {}): Histogram {
    const counts = buckets.map(() => 0)
    let count = 0
    let sum = 0
    this.#add(name, help, 'histogram', () => [
      ...buckets.map((bound, index) =>
        this.#sample(`${name}_bucket`, { ...labels, le: String(bound) }, counts[index] ?? 0),
      ),
      this.#sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
      this.#sample(`${name}_sum`, labels, sum),
      this.#sample(`${name}_count`, labels, count),
    ])
    return {
      observe: (value) => {
        count += 1
        sum += value
        for (const [index, bound] of buckets.entries())
          if (value <= bound) counts[index] = (counts[index] ?? 0) + 1
      },
    }
  }

  /** All series as a scrape sees them. */
  render(): string {
    return this.#families.flatMap((family) => family()).join('')
  }

  #add(name: string, help: string, type: string, samples: () => string[]): void {
    this.#families.push(() => [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, ...samples()])
  }

  #sample(name: string, labels: Labels, value: number): string {
    const pairs = Object.entries({ ...this.#common, ...labels }).map(
      ([key, text]) => `${key}="${escape(text)}"`,
    )
    return `${name}{${pairs.join(',')}} ${String(value)}\n`
  }
}

/** A label's value may hold anything; these three characters have to be escaped. */
function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
