import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { LockPurpose } from '../decide/lock.ts'
import { silent, systemClock, type Logger } from '../ports.ts'
import { contenderOf } from '../record/contender.ts'
import type { KubernetesApi } from './api.ts'
import { LeaseLock } from './lease-lock.ts'
import { LockEnded, LockRefused, type Held } from './lock.ts'
import { RealCluster } from './real-cluster.fixture.ts'
import { leases } from './resources.ts'
import { TcpRelay } from './tcp-relay.fixture.ts'

const cluster = new RealCluster(process.env)
const { namespace } = cluster
const signal = new AbortController().signal
const limits = { leaseMs: 30_000, handoverMs: 600_000, yieldMs: 1_000 }
let api: KubernetesApi
let pipeline: string
let name: string
const held: Held[] = []

beforeAll(async () => {
  api = await cluster.start()
})

afterAll(() => cluster.stop())

beforeEach(() => {
  pipeline = `pipeline-${randomBytes(4).toString('hex')}`
  name = `runbook-${pipeline}-production`
})

afterEach(async () => {
  for (const each of held.splice(0)) await each.release()
})

interface Asking {
  attempt?: string
  purpose?: LockPurpose
  openedAt?: string
  limits?: Partial<typeof limits>
  log?: Logger
  api?: KubernetesApi
}

function lockOf(run: string, asking: Asking = {}): LeaseLock {
  const { attempt = '1', purpose = 'deployment', openedAt = new Date().toISOString() } = asking
  const url = `https://github.example/acme/x/actions/runs/${run}`
  return new LeaseLock(asking.api ?? api, {
    place: { namespace, pipeline, environment: 'production' },
    contender: contenderOf(
      { version: 'v1.1.0', openedAt },
      { id: run, attempt, url, actor: 'rosa' },
      purpose,
    ),
    limits: { ...limits, ...asking.limits },
    clock: systemClock,
    log: asking.log ?? silent,
  })
}

async function acquire(run: string, asking?: Asking): Promise<Held> {
  const lock = await lockOf(run, asking).acquire(signal)
  held.push(lock)
  return lock
}

const ended = (lock: Held): Promise<LockEnded> =>
  new Promise((resolve) => {
    lock.signal.addEventListener('abort', () => {
      resolve(lock.signal.reason as LockEnded)
    })
  })
const lease = () => api.get(leases, namespace, name)
/** As if the holder had been silent since long ago. */
const letDie = () =>
  api.patch(leases, namespace, name, { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } }, 'merge')

describe('ten runs at once', () => {
  it.each([
    ['a lock that was never held', () => Promise.resolve()],
    ['a lock that was given back', async () => (await acquire('1')).release()],
    [
      'a lock whose holder died',
      async () => {
        await (await acquire('1')).handOver()
        await letDie()
      },
    ],
  ])('want %s: exactly one gets it, the others hear which', async (_, prepare) => {
    await prepare()
    const runs = Array.from({ length: 10 }, (__, index) => String(1001 + index))
    const results = await Promise.allSettled(runs.map((run) => acquire(run)))
    const won = runs.filter((__, index) => results[index]?.status === 'fulfilled')
    expect(won).toHaveLength(1)
    const refusals = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as Error] : [],
    )
    expect(refusals.every((error) => error instanceof LockRefused)).toBe(true)
    expect(new Set(refusals.map(({ message }) => /run \d+/.exec(message)?.[0]))).toEqual(
      new Set([`run ${won[0]!}`]),
    )
    expect((await lease()).spec?.holderIdentity).toBe(won[0])
  })
})

describe('a rollback that meets another one', () => {
  const purpose = 'rollback'
  const told = () => {
    const lines: string[] = []
    const log = {
      ...silent,
      info: (line: string) => lines.push(line),
      warn: (line: string) => lines.push(line),
    }
    return { lines, log }
  }

  it('waits for the end of its lease where that has died, says until when, once, and takes over', async () => {
    // Its process is gone: nothing renews it any more, and nothing has left it.
    const client = cluster.client({})
    const dead = await acquire('1001', { purpose, limits: { leaseMs: 3_000 }, api: client })
    await client.close()
    const { spec } = await lease()
    const { lines, log } = told()
    await acquire('1002', { purpose, log })
    expect(lines.filter((line) => line.includes('was last heard of at'))).toHaveLength(2)
    expect(lines[0]).toMatch(/^Run 1001 \(attempt 1\) by rosa goes back .* If it gives no sign by 2/)
    expect(lines.join('\n')).toContain('The lock was taken over from run 1001')
    const now = (await lease()).spec
    expect(now?.holderIdentity).toBe('1002')
    expect(Date.parse(now?.acquireTime ?? '')).toBeGreaterThanOrEqual(
      Date.parse(spec?.renewTime ?? '') + 3_000,
    )
    expect(dead.signal.aborted).toBe(true)
  })

  it('hears soon that it is alive, ends, and says who goes back', async () => {
    await acquire('1001', { purpose })
    const before = Date.now()
    const { lines, log } = told()
    await expect(acquire('1002', { purpose, log })).rejects.toThrow(
      /Another run holds the lock: run 1001 .*going back from v1\.1\.0/,
    )
    expect(lines).toHaveLength(1)
    expect(Date.now() - before).toBeLessThan(limits.leaseMs / 2)
    expect((await lease()).spec?.holderIdentity).toBe('1001')
  })

  it('takes it at once where that ends meanwhile', async () => {
    const first = await acquire('1001', { purpose, limits: { yieldMs: 60_000 } })
    const { lines, log } = told()
    const second = acquire('1002', { purpose, log })
    while (lines.length === 0) await lease()
    await first.release()
    await second
    expect((await lease()).spec?.holderIdentity).toBe('1002')
  })
})

describe('a lock', () => {
  it('is a Lease that kubectl users can read, and stays one when it is given back', async () => {
    const lock = await acquire('1001')
    const { spec, metadata } = await lease()
    expect(spec).toMatchObject({ holderIdentity: '1001', leaseDurationSeconds: 30 })
    expect(spec?.renewTime).toMatch(/\.\d{6}Z$/)
    expect(metadata?.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'runbook-actions' })
    await lock.release()
    expect((await lease()).spec).toEqual({ leaseTransitions: 0 })
    await acquire('1002')
    expect((await lease()).spec).toMatchObject({ holderIdentity: '1002', leaseTransitions: 1 })
  })

  it('is renewed while it is held, and no more once it is left', async () => {
    const lock = await acquire('1001')
    const { spec } = await lease()
    let now = spec
    while (now?.renewTime === spec?.renewTime) now = (await lease()).spec
    expect(now).toEqual({ ...spec, renewTime: now?.renewTime })
    lock.checkWrite()
    await lock.handOver()
    expect((await lease()).spec).toMatchObject({ holderIdentity: '1001', leaseDurationSeconds: 600 })
    expect(() => {
      lock.checkWrite()
    }).toThrow('The lock has been given back.')
  })

  it('is kept between two jobs of a run, also for its re-run, and for nobody else', async () => {
    await (await acquire('1001')).handOver()
    await expect(acquire('1002')).rejects.toThrow(/run 1001 .*kept for its next job/)
    await (await acquire('1001')).handOver()
    await (await acquire('1001', { attempt: '2' })).release()
    await acquire('1002')
  })

  it('is given back where no job follows', async () => {
    await (await acquire('local-1', { limits: { handoverMs: 0 } })).handOver()
    await acquire('1002')
  })

  it('is taken over from a dead holder, and that is said', async () => {
    await (await acquire('1001')).handOver()
    await letDie()
    const warnings: string[] = []
    const log = { ...silent, warn: (line: string) => void warnings.push(line) }
    await acquire('1002', { log })
    expect(warnings).toEqual([expect.stringMatching(/taken over from run 1001 .*did not give it back/)])
  })

  it('keeps what others wrote into the Lease', async () => {
    const lock = await acquire('1001')
    const mark = { metadata: { annotations: { 'team.example/note': 'x' } } }
    const marked = await api.patch(leases, namespace, name, mark, 'merge')
    let now = marked
    while (now.spec?.renewTime === marked.spec?.renewTime) now = await lease()
    expect(lock.signal.aborted).toBe(false)
    await lock.release()
    expect((await lease()).metadata?.annotations).toMatchObject({ 'team.example/note': 'x' })
  })
})

describe('a rollback', () => {
  it('asks a deployment that works to stop, and has the lock as soon as it yields', async () => {
    const deployment = await acquire('1001')
    const stopping = ended(deployment)
    const taking = acquire('2001', { purpose: 'rollback' })
    const reason = await stopping
    expect(reason).toMatchObject({ why: 'asked', message: expect.stringMatching(/runs\/2001$/) as unknown })
    expect(() => {
      deployment.checkWrite()
    }).toThrow(reason)
    expect((await lease()).spec?.holderIdentity).toBe('1001')
    await deployment.handOver()
    await taking
    expect((await lease()).spec?.holderIdentity).toBe('2001')
  })

  it('need not wait for the next job of a deployment, and closes it', async () => {
    const openedAt = new Date(Date.now() - 60_000).toISOString()
    await (await acquire('1001', { openedAt })).handOver()
    await (await acquire('2001', { purpose: 'rollback' })).release()
    await expect(acquire('1001', { openedAt, attempt: '2' })).rejects.toThrow(
      /closed and never written again/,
    )
    await acquire('1003', { openedAt: new Date(Date.now() + 1_000).toISOString() })
  })
})

describe('a holder', () => {
  it('that another process has replaced learns it, and writes no more', async () => {
    const lock = await acquire('1001')
    const stopping = ended(lock)
    // By force, as a person with kubectl would.
    await api.patch(leases, namespace, name, { spec: { holderIdentity: '6666' } }, 'merge')
    expect(await stopping).toMatchObject({
      why: 'lost',
      message: expect.stringMatching(/^Run 6666 /) as unknown,
    })
    await lock.release()
    expect((await lease()).spec?.holderIdentity).toBe('6666')
  })

  it('that cannot reach the API server stops writing before anybody may take over', async () => {
    const relay = new TcpRelay(new URL(api.server))
    const far = cluster.client({}, undefined, await relay.start())
    try {
      const lock = await acquire('1001', { api: far, limits: { leaseMs: 12_000 } })
      relay.isSilent = true
      const reason = await ended(lock)
      const now = Date.now()
      expect(reason).toMatchObject({
        why: 'lost',
        message: expect.stringMatching(/could not be renewed since/) as unknown,
      })
      const { renewTime = '', leaseDurationSeconds = 0 } = (await lease()).spec ?? {}
      expect(now).toBeLessThan(Date.parse(renewTime) + leaseDurationSeconds * 1_000)
      await expect(acquire('1002')).rejects.toThrow(LockRefused)
    } finally {
      relay.stop()
      await far.close()
    }
  })

  it('that was cut off for a moment goes on', async () => {
    const relay = new TcpRelay(new URL(api.server))
    const far = cluster.client({}, undefined, await relay.start())
    try {
      const lock = await acquire('1001', { api: far })
      relay.cut()
      const { spec } = await lease()
      let now = spec
      while (now?.renewTime === spec?.renewTime) now = (await lease()).spec
      lock.checkWrite()
      await lock.release()
    } finally {
      relay.stop()
      await far.close()
    }
  })
})
