import { afterEach, describe, expect, it } from '@jest/globals'
import type { RunningJob } from '../cluster/jobs/jobs.ts'
import { readingOf } from '../decide/group-reading.fixture.ts'
import { UserError } from '../errors.ts'
import { systemClock } from '../ports.ts'
import { JobReadings } from './job-readings.ts'
import { writeLine } from './reader-protocol.ts'

const { signal } = new AbortController()
const opened: JobReadings[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
})

const success = { isSuccess: true, why: 'exit code 0' }

/** A Job whose pod writes what the test says. */
class TestJob implements RunningJob {
  readonly name = 'runbook-lag-test'
  removed = 0
  ended: Awaited<ReturnType<RunningJob['end']>> = success
  readonly #written: string[] = []
  #over = false
  #more = Promise.withResolvers<undefined>()

  write(...lines: readonly string[]): void {
    this.#written.push(...lines)
    this.#wake()
  }

  stop(ended = this.ended): void {
    this.ended = ended
    this.#over = true
    this.#wake()
  }

  async *lines(reading: AbortSignal): AsyncGenerator<string> {
    const aborted = new Promise<never>((_, reject) => {
      reading.addEventListener('abort', () => {
        reject(reading.reason as Error)
      })
    })
    aborted.catch(() => undefined) // also where nobody waits any more
    for (;;) {
      yield* this.#written.splice(0)
      if (this.#over) return
      await Promise.race([this.#more.promise, aborted])
    }
  }

  end(): ReturnType<RunningJob['end']> {
    return Promise.resolve(this.ended)
  }

  remove(): Promise<void> {
    this.removed += 1
    return Promise.resolve()
  }

  #wake(): void {
    this.#more.resolve(undefined)
    this.#more = Promise.withResolvers()
  }
}

function readingsOf(job: TestJob, silenceMs = 60_000): JobReadings {
  const options = { silenceMs, namespace: 'production', clock: systemClock }
  const readings = new JobReadings(() => Promise.resolve(job), options)
  opened.push(readings)
  return readings
}

const line = (lag: number, at = 0): string =>
  writeLine({ kind: 'reading', at, groups: [readingOf([lag], { group: 'worker' })] })
const failure = (message: string, isUnreachable = false): string =>
  writeLine({ kind: 'failure', at: 0, message, next: 'Mend it.', isUnreachable })

describe('JobReadings', () => {
  it('gives the newest reading, at the time of this clock, and passes over what others write', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    const asked = readings.latest(60_000, signal)
    const before = Date.now()
    job.write('(node:1) Warning: something', line(7))
    const reading = (await asked)?.get('worker')
    expect(reading).toMatchObject({ partitions: [{ committed: 993, logEnd: 1_000 }] })
    expect(reading?.at).toBeGreaterThanOrEqual(before)
    expect(reading?.at).toBeLessThanOrEqual(Date.now())
  })

  it('waits for the next one where the last is too old', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    job.write(line(7))
    await readings.latest(60_000, signal)
    const asked = readings.latest(-1, signal)
    job.write(line(8))
    // Too old from its first moment on: only what comes later would do, so that the end is what is heard.
    job.stop()
    expect(await asked).toBeUndefined()
  })

  it('says what the reader says, and recovers with it', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    job.write(failure('refused the login as worker'))
    await expect(readings.latest(60_000, signal)).rejects.toMatchObject({
      message: 'From inside the cluster: refused the login as worker',
      next: 'Mend it.',
    })
    job.write(failure('kafka:9092 did not take a connection within 10 s.', true))
    await until(() =>
      expect(readings.latest(60_000, signal)).rejects.toMatchObject({
        next: expect.stringContaining('network policies') as unknown,
      }),
    )
    job.write(line(3))
    await until(async () => {
      expect((await readings.latest(60_000, signal))?.has('worker')).toBe(true)
    })
  })

  it('has ended without an error where the time of the Job is over, and has deleted it', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    job.write(line(7))
    job.stop()
    await until(async () => {
      expect(await readings.latest(0, signal)).toBeUndefined()
    })
    expect(job.removed).toBe(1)
  })

  it('has ended without an error, too, where somebody deleted it after a reading', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    job.write(line(7))
    job.stop('gone')
    await until(async () => {
      expect(await readings.latest(0, signal)).toBeUndefined()
    })
  })

  it.each<[TestJob['ended'], string]>([
    [{ isSuccess: false, why: 'exit code 1: SyntaxError' }, 'has ended: exit code 1: SyntaxError.'],
    [success, 'has ended without a reading.'],
    ['gone', 'was deleted before it had read anything.'],
    ['running', 'still runs, but its log was cut off.'],
  ])('says how the Job ended: %j', async (ended, message) => {
    const job = new TestJob()
    const readings = readingsOf(job)
    job.stop(ended)
    const error: unknown = await readings.latest(60_000, signal).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toContain(message)
    expect(job.removed).toBe(1)
  })

  it('does not take what is garbled for a reading', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    job.write('{"runbook-lag":1,"kind":"reading"')
    await expect(readings.latest(60_000, signal)).rejects.toThrow('is not a reading of lag')
    expect(job.removed).toBe(1)
  })

  it('gives a Job up that says nothing', async () => {
    const job = new TestJob()
    const readings = readingsOf(job, 20)
    await expect(readings.latest(60_000, signal)).rejects.toThrow('has said nothing for 0.02 s')
    expect(job.removed).toBe(1)
  })

  it('deletes the Job when it is closed, and when nobody waits any more goes on', async () => {
    const job = new TestJob()
    const readings = readingsOf(job)
    const stop = new AbortController()
    const asked = readings.latest(60_000, stop.signal)
    stop.abort(new Error('cancelled'))
    await expect(asked).rejects.toThrow('cancelled')
    expect(job.removed).toBe(0)
    await readings.close()
    expect(job.removed).toBe(1)
  })

  it('passes on why a Job did not start', async () => {
    const options = { silenceMs: 60_000, namespace: 'production', clock: systemClock }
    const readings = new JobReadings(() => Promise.reject(new UserError('no image')), options)
    await expect(readings.latest(60_000, signal)).rejects.toThrow('no image')
  })
})

/** Asks again until it holds; the test's own limit says when it never does. */
async function until(holds: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await holds()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}
