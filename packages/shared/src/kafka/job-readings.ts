import { abortable } from '../cluster/abortable.ts'
import type { RunningJob } from '../cluster/jobs/jobs.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import { messageOf, UserError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { readLine, type ReaderLine } from './reader-protocol.ts'

export interface JobReadingsOptions {
  /** After so long without a line the Job is given up. */
  readonly silenceMs: number
  readonly namespace: string
  readonly clock: Clock
}

type Readings = ReadonlyMap<string, GroupReading>

/** What the reader has said last, and when it came. */
interface Heard {
  readonly arrivedAt: number
  readonly readings: Readings | UserError
}

/** What one Job reads, from its start until it is closed or ends. */
export class JobReadings {
  readonly #options: JobReadingsOptions
  readonly #closed = new AbortController()
  readonly #following: Promise<void>
  #heard: Heard | undefined
  #ended: { readonly error: Error | undefined } | undefined
  #news = Promise.withResolvers<undefined>()

  constructor(start: (signal: AbortSignal) => Promise<RunningJob>, options: JobReadingsOptions) {
    this.#options = options
    this.#following = this.#follow(start)
  }

  /** Whether there will be no further reading, in good order or not. */
  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  /**
   * The newest reading that is not older than `maxAgeMs`, waited for where there is none; undefined where the Job has
   * ended in good order.
   *
   * @throws UserError where the reader could not read, or the Job did not start or has failed
   */
  async latest(maxAgeMs: number, signal: AbortSignal): Promise<Readings | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const heard = this.#heard
      if (heard !== undefined && performance.now() - heard.arrivedAt <= maxAgeMs) {
        if (heard.readings instanceof UserError) throw heard.readings
        return heard.readings
      }
      if (this.#ended !== undefined) {
        if (this.#ended.error === undefined) return undefined
        throw this.#ended.error
      }
      await abortable(this.#news.promise, signal)
    }
  }

  /** Ends and deletes the Job. Never rejects. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('closed'))
    await this.#following
  }

  async #follow(start: (signal: AbortSignal) => Promise<RunningJob>): Promise<void> {
    const { signal } = this.#closed
    let job: RunningJob | undefined
    let error: Error | undefined
    try {
      job = await start(signal)
      await this.#listen(job, signal)
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(messageOf(thrown))
    }
    await job?.remove()
    this.#ended = { error }
    this.#tell()
  }

  async #listen(job: RunningJob, signal: AbortSignal): Promise<void> {
    const { silenceMs, clock } = this.#options
    const peer = new AbortController()
    const silence = setTimeout(() => {
      peer.abort(this.#silent(job, silenceMs))
    }, silenceMs)
    /** The pod's clock may be another: between two readings it is right, and the first is taken for now. */
    let aheadMs: number | undefined
    try {
      for await (const text of job.lines(AbortSignal.any([signal, peer.signal]))) {
        const line = this.#lineOf(text, job)
        if (line === undefined) continue
        silence.refresh()
        aheadMs ??= line.at - clock.now().getTime()
        const at = Math.min(line.at - aheadMs, clock.now().getTime())
        this.#heard = { arrivedAt: performance.now(), readings: heardOf(line, at) }
        this.#tell()
      }
      const problem = problemOf(await job.end(signal), this.#heard !== undefined)
      if (problem !== undefined) throw this.#failed(job, problem)
    } catch (error) {
      peer.signal.throwIfAborted()
      throw error
    } finally {
      clearTimeout(silence)
    }
  }

  #lineOf(text: string, { name }: RunningJob): ReaderLine | undefined {
    try {
      return readLine(text)
    } catch (cause) {
      throw new UserError(
        `What the Job ${name} in ${this.#options.namespace} wrote is not a reading of lag.`,
        'Somebody else writes into its log, or it was cut: run again.',
        { cause },
      )
    }
  }

  #failed({ name }: RunningJob, problem: string): UserError {
    return new UserError(
      `The Job ${name} in ${this.#options.namespace}, which reads lag, ${problem}.`,
      'It needs Node 24 (kafka.job.image) and the API server to follow its log; the next question starts another one.',
    )
  }

  #silent({ name }: RunningJob, ms: number): UserError {
    return new UserError(
      `The Job ${name} in ${this.#options.namespace} has said nothing for ${ms / 1000} s.`,
      'Look at its node and at the connection to the API server; the next question starts another Job.',
    )
  }

  #tell(): void {
    this.#news.resolve(undefined)
    this.#news = Promise.withResolvers()
  }
}

/** What is wrong with how a Job ended; undefined where its time was over, or somebody has deleted it in its time. */
function problemOf(end: Awaited<ReturnType<RunningJob['end']>>, hasRead: boolean): string | undefined {
  if (end === 'running') return 'still runs, but its log was cut off'
  if (end === 'gone') return hasRead ? undefined : 'was deleted before it had read anything'
  if (!end.isSuccess) return `has ended: ${end.why}`
  return hasRead ? undefined : 'has ended without a reading'
}

function heardOf(line: ReaderLine, at: number): Readings | UserError {
  if (line.kind === 'reading') return new Map(line.groups.map((each) => [each.group, { ...each, at }]))
  const message = `From inside the cluster: ${line.message}`
  return line.isUnreachable
    ? new UserError(
        message,
        'Check that the brokers’ addresses are those inside the cluster, and that network policies let the pods of the Job reach them (label app.kubernetes.io/component: runbook-lag).',
      )
    : new UserError(message, line.next)
}
