import { describe, expect, it } from '@jest/globals'
import type { JobRequest, Jobs, RunningJob } from '../cluster/jobs/jobs.ts'
import { readingOf } from '../decide/group-reading.fixture.ts'
import { UserError } from '../errors.ts'
import { systemClock } from '../ports.ts'
import { loadRunbook } from '../runbook/load.ts'
import { JobLag } from './job-lag.ts'
import { writeLine } from './reader-protocol.ts'

const { signal } = new AbortController()

const { kafka } = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: production } }
kafka:
  source: job
  brokers: ['\${BROKERS}']
  sasl: { mechanism: plain }
  job:
    secrets: { BROKERS: access/brokers, KAFKA_USERNAME: access/user, KAFKA_PASSWORD: access/pass.word }
    every: 1s
components: [{ deployment: worker, consumer-group: worker }]
`,
  { file: 'runbook.yaml' },
)

/** Jobs whose n-th one begins with what the test says: a lag, or why it does not start. */
class TestJobs implements Jobs {
  readonly namespace = 'production'
  readonly started: JobRequest[] = []
  removed = 0
  readonly #firsts: readonly (number | Error)[]
  /** Ends after its first line, as a Job whose time is over. */
  readonly #isShort: boolean

  constructor(firsts: readonly (number | Error)[], isShort = false) {
    this.#firsts = firsts
    this.#isShort = isShort
  }

  start(request: JobRequest): Promise<RunningJob> {
    const first = this.#firsts[this.started.length] ?? new Error('one Job too many')
    this.started.push(request)
    if (first instanceof Error) return Promise.reject(first)
    const line = writeLine({
      kind: 'reading',
      at: Date.now(),
      groups: [readingOf([first], { group: 'worker' })],
    })
    const isShort = this.#isShort
    return Promise.resolve({
      name: 'runbook-lag-test',
      async *lines(reading: AbortSignal) {
        yield line
        if (!isShort) await new Promise((resolve) => reading.addEventListener('abort', resolve))
      },
      end: () => Promise.resolve({ isSuccess: true, why: 'exit code 0' }),
      remove: () => {
        this.removed += 1
        return Promise.resolve()
      },
    })
  }
}

function lagOf(jobs: Jobs): JobLag {
  return new JobLag('kafka by a Job', { jobs, kafka: kafka!, program: 'the program', clock: systemClock })
}

describe('JobLag', () => {
  it('starts one Job, however many ask', async () => {
    const jobs = new TestJobs([7])
    const lag = lagOf(jobs)
    const all = await Promise.all([lag.read(['worker'], signal), lag.read(['worker'], signal)])
    expect(all.map((each) => each.get('worker')?.partitions[0]?.committed)).toEqual([993, 993])
    expect(jobs.started.length).toBe(1)
    await lag.close()
    expect(jobs.removed).toBe(1)
  })

  it('starts another one after one that did not start, and after one whose time is over', async () => {
    const jobs = new TestJobs([new UserError('no image'), 7, 8], true)
    const lag = lagOf(jobs)
    await expect(lag.read(['worker'], signal)).rejects.toThrow('no image')
    const seen: (number | undefined)[] = []
    // Two looks within a second share a reading.
    while (seen.at(-1) !== 992) {
      seen.push((await lag.read(['worker'], signal)).get('worker')?.partitions[0]?.committed)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(new Set(seen)).toEqual(new Set([993, 992]))
    await lag.close()
    expect(jobs.removed).toBe(2)
  })

  it('needs no Job where nobody asks', async () => {
    const jobs = new TestJobs([])
    await lagOf(jobs).close()
    expect(jobs.started).toEqual([])
  })

  it('gives its pod Secrets by reference, and the names of variables', async () => {
    const jobs = new TestJobs([7])
    const lag = lagOf(jobs)
    await lag.read(['worker'], signal)
    await lag.close()
    const { spec, files, purpose } = jobs.started[0]!
    const { template, ...job } = spec('the-config-map', { a: 'b' })
    expect({ purpose, files, job }).toEqual({
      purpose: 'lag',
      files: { 'lag-reader.cjs': 'the program' },
      job: { backoffLimit: 0, activeDeadlineSeconds: 1020, ttlSecondsAfterFinished: 300 },
    })
    const [container] = template.spec!.containers
    expect(container?.command).toEqual(['node', '/runbook/lag-reader.cjs'])
    const [request, ...secrets] = container?.env ?? []
    expect(secrets).toEqual([
      { name: 'BROKERS', valueFrom: { secretKeyRef: { name: 'access', key: 'brokers' } } },
      { name: 'KAFKA_USERNAME', valueFrom: { secretKeyRef: { name: 'access', key: 'user' } } },
      { name: 'KAFKA_PASSWORD', valueFrom: { secretKeyRef: { name: 'access', key: 'pass.word' } } },
    ])
    expect(JSON.parse(request?.value ?? '')).toEqual({
      kafka: {
        brokers: ['${BROKERS}'],
        tls: false,
        sasl: { mechanism: 'plain', username: '${KAFKA_USERNAME}', password: '${KAFKA_PASSWORD}' },
        connectTimeout: 10_000,
        requestTimeout: 30_000,
      },
      groups: ['worker'],
      everyMs: 1_000,
      forMs: 900_000,
    })
  })
})
