import { setTimeout as delay } from 'node:timers/promises'
import type { FaultClock } from '../runtime/faults.ts'
import { durationBuckets, type Registry } from '../runtime/metrics.ts'
import type { Pause } from '../runtime/pause.ts'

/** Plays the storage that files are uploaded to: between half and one and a half times `latencyMs` for each. */
export class OneLake {
  readonly #latencyMs: number
  readonly #faults: FaultClock
  readonly #duration

  constructor(latencyMs: number, { metrics, faults }: { metrics: Registry; faults: FaultClock }) {
    this.#latencyMs = latencyMs
    this.#faults = faults
    this.#duration = metrics.histogram(
      'onelake_upload_duration_seconds',
      'Uploads that succeeded.',
      durationBuckets,
    )
  }

  /** Uploads a file; throws where OneLake refuses it. */
  async upload(pause: Pause): Promise<void> {
    if (this.#faults.value('breakerOpens') === true) throw new Error('OneLake: 503 Service Unavailable')
    const startedMs = performance.now()
    const slowMs = this.#faults.value('uploadLatencyMs')
    if (slowMs === undefined) await delay(this.#latencyMs * (0.5 + Math.random()))
    else await pause(slowMs)
    this.#duration.observe((performance.now() - startedMs) / 1000)
  }
}
