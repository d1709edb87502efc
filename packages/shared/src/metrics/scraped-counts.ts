import type { Counted } from '../decide/history.ts'
import type { Sample } from './exposition.ts'

/** What one pod's `/metrics` said. */
export interface PodReading {
  readonly uid: string
  readonly pod: string
  /** Restarts of its containers: after one, its counters have begun anew. */
  readonly restarts: number
  /** When its container began to count, milliseconds since the epoch. */
  readonly startedAt: number
  readonly samples: readonly Sample[]
}

/** All pods of one component at one moment. */
export interface ComponentReading {
  readonly at: number
  readonly pods: readonly PodReading[]
  /** Pods that should have been read and could not. */
  readonly unread: number
}

/** What was counted by each series of a component, all its pods together, in one step. */
export type Increments = ReadonlyMap<string, number>

/** A series without the pod it is of: its name and labels as one text. */
export function seriesKey({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}

interface Remembered {
  readonly restarts: number
  readonly values: ReadonlyMap<string, number>
}

/**
 * Counts what the counters of one component's pods counted from reading to reading. Every pod counts by itself: a new one
 * from 0, a restarted one from 0 again, and what a vanished one had counted stays counted. The first reading counts what
 * the pods have counted since they began.
 */
export class ScrapedCounter {
  readonly steps: Counted<Increments>[] = []
  readonly #coverage: number
  #pods = new Map<string, Remembered>()
  #measuredUntil: number | undefined

  /** @param coverage share of the pods that must have been read: with fewer, a step is a gap, and the next one counts it too */
  constructor(coverage: number) {
    this.#coverage = coverage
  }

  add({ at, pods, unread }: ComponentReading): void {
    const first = Math.min(at, ...pods.map(({ startedAt }) => startedAt))
    const from = this.#measuredUntil ?? first
    if (pods.length === 0 || pods.length < this.#coverage * (pods.length + unread)) {
      this.steps.push({ from, at, value: undefined })
      return
    }
    const increments = new Map<string, number>()
    const remembered = new Map(unread > 0 ? this.#pods : [])
    for (const pod of pods) {
      const values = new Map(pod.samples.map((sample) => [seriesKey(sample), sample.value]))
      const before = this.#pods.get(pod.uid)
      const sameRun = before?.restarts === pod.restarts ? before.values : undefined
      for (const [key, value] of values) {
        if (!Number.isFinite(value)) continue
        const last = sameRun?.get(key) ?? 0
        increments.set(key, (increments.get(key) ?? 0) + (value >= last ? value - last : value))
      }
      remembered.set(pod.uid, { restarts: pod.restarts, values })
    }
    this.#pods = remembered
    this.#measuredUntil = at
    this.steps.push({ from, at, value: increments })
  }
}
