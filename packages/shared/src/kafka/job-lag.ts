import type { Jobs } from '../cluster/jobs/jobs.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import type { Clock } from '../ports.ts'
import type { Kafka } from '../runbook/schema.ts'
import { JobReadings } from './job-readings.ts'
import { readerJob } from './reader-job.ts'
import { RememberedLag } from './remembered-lag.ts'

/** A reading is good for so many of the Job's intervals: the next one is due by then. */
const freshIntervals = 1.5
/** For the way of a line from the pod through the API server to us. */
const marginMs = 10_000

export interface JobLagOptions {
  readonly jobs: Jobs
  readonly kafka: Kafka
  /** The reader as one file. */
  readonly program: string
  readonly clock: Clock
}

/** Lag of brokers that only the cluster reaches: a Job there reads them for as long as somebody asks. */
export class JobLag extends RememberedLag {
  readonly #jobs: ReadingJobs

  constructor(source: string, options: JobLagOptions) {
    const jobs = new ReadingJobs(options)
    super(source, (groups, signal) => jobs.read(groups, signal), options.clock)
    this.#jobs = jobs
  }

  override async close(): Promise<void> {
    await super.close()
    await this.#jobs.close()
  }
}

/** The Job that reads now. It is started by the first question, and again where it has ended. */
class ReadingJobs {
  readonly #options: JobLagOptions
  #current: { readonly key: string; readonly readings: JobReadings } | undefined

  constructor(options: JobLagOptions) {
    this.#options = options
  }

  async read(groups: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, GroupReading>> {
    const maxAgeMs = freshIntervals * this.#options.kafka.job.every
    for (;;) {
      const reading = await this.#readingsOf(groups).latest(maxAgeMs, signal)
      if (reading !== undefined) return reading
      // Its time was over: the next one goes on.
    }
  }

  async close(): Promise<void> {
    await this.#current?.readings.close()
  }

  /** Those of the Job that reads these groups now, or of a new one. */
  #readingsOf(groups: readonly string[]): JobReadings {
    const key = groups.join('\n')
    const before = this.#current
    if (before?.key === key && !before.readings.hasEnded) return before.readings
    // Replaced in one step: of two questions at the same time only one starts a Job.
    const readings = this.#begin(groups)
    this.#current = { key, readings }
    void before?.readings.close()
    return readings
  }

  #begin(groups: readonly string[]): JobReadings {
    const { jobs, kafka, program, clock } = this.#options
    const { connectTimeout, requestTimeout, job } = kafka
    return new JobReadings((signal) => jobs.start(readerJob(kafka, groups, program), signal), {
      silenceMs: connectTimeout + requestTimeout + job.every + marginMs,
      namespace: jobs.namespace,
      clock,
    })
  }
}
