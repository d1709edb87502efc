/** Numbers of a service in Prometheus's text format, version 0.0.4. */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Upper bounds in seconds; 5 is the runbook's limit for the 95th percentile. */
export const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Labels = Readonly<Record<string, string>>

export interface Counter {
  increment(): void
}

export interface Gauge {
  set(value: number): void
}

export interface Histogram {
  observe(value: number): void
}

interface Family {
  readonly header: string
  readonly series: (() => string[])[]
}

/** The series of one process. Every series exists from the start with the value 0, so that rates count the first event. */
export class Registry {
  readonly #common: Labels
  readonly #families = new Map<string, Family>()

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

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    let current = 0
    this.#add(name, help, 'gauge', () => [this.#sample(name, labels, current)])
    return {
      set: (value) => {
        current = value
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
    return [...this.#families.values()]
      .flatMap(({ header, series }) => [header, ...series.flatMap((samples) => samples())])
      .join('')
  }

  /** Series of one name stand together, under one header. */
  #add(name: string, help: string, type: string, samples: () => string[]): void {
    const family = this.#families.get(name)
    if (family !== undefined) family.series.push(samples)
    else
      this.#families.set(name, {
        header: `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`,
        series: [samples],
      })
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
