import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  decideLock,
  handedOver,
  holdingOf,
  released,
  renewed,
  writableUntil,
  type Contender,
  type Grip,
  type LockState,
} from './lock.ts'

const leaseMs = 60_000
const at = (seconds: number): Date => new Date(Date.parse('2026-11-23T10:00:00Z') + seconds * 1000)

function contender(run: string, more: Partial<Contender> = {}): Contender {
  const url = `https://github.example/acme/x/actions/runs/${run}`
  return {
    run,
    attempt: '1',
    url,
    actor: 'rosa',
    version: 'v1.1.0',
    purpose: 'deployment',
    openedAt: at(0),
    ...more,
  }
}

const decide = (state: LockState, who: Contender, seconds: number) =>
  decideLock(state, who, { now: at(seconds), leaseMs })

/** The lock in the hand of `who` since second 10. */
function takenBy(who: Contender): LockState {
  const decision = decide({}, who, 10)
  if (decision.do !== 'take') throw new Error('not free')
  return decision.state
}

function betweenJobs(who: Contender): LockState {
  const state = takenBy(who)
  return handedOver(state, state.grip!, at(20), 600_000)
}

const mine = contender('1')
const other = contender('2', { actor: 'marc' })
const rollback = contender('3', { actor: 'olga', purpose: 'rollback' })

describe('decideLock', () => {
  it.each<[string, LockState, Contender, number, string]>([
    ['free', {}, mine, 10, 'take'],
    ['of another run that works', takenBy(other), mine, 30, 'refuse'],
    ['of another run, one moment before its lease ends', takenBy(other), mine, 69.999, 'refuse'],
    ['of another run whose lease has ended', takenBy(other), mine, 70, 'take'],
    ['of another run between its jobs', betweenJobs(other), mine, 600, 'refuse'],
    ['of another run whose next job never came', betweenJobs(other), mine, 620, 'take'],
    ['of our own run between its jobs', betweenJobs(mine), mine, 30, 'take'],
    ['of our own run, for a re-run', betweenJobs(mine), contender('1', { attempt: '2' }), 30, 'take'],
    ['of an earlier attempt that still works', takenBy(mine), contender('1', { attempt: '2' }), 30, 'ask'],
    ['of a deployment that works, for a rollback', takenBy(other), rollback, 30, 'ask'],
    ['of a deployment between its jobs, for a rollback', betweenJobs(other), rollback, 30, 'take'],
    [
      'of another rollback that may have died',
      takenBy(contender('4', { purpose: 'rollback' })),
      rollback,
      30,
      'wait',
    ],
    [
      'of another rollback that has died',
      takenBy(contender('4', { purpose: 'rollback' })),
      rollback,
      70,
      'take',
    ],
    [
      'of a rollback that may have died, for a deployment',
      takenBy(contender('4', { purpose: 'rollback' })),
      other,
      30,
      'refuse',
    ],
    [
      'of a rollback that has ended badly',
      betweenJobs(contender('4', { purpose: 'rollback' })),
      rollback,
      30,
      'take',
    ],
    [
      'of a rollback of our own run',
      takenBy(contender('1', { purpose: 'rollback' })),
      { ...mine, openedAt: at(15) },
      30,
      'refuse',
    ],
    ['given back', released(takenBy(other)), mine, 30, 'take'],
  ])('a lock %s', (_, state, who, seconds, wanted) => {
    expect(decide(state, who, seconds).do).toBe(wanted)
  })

  it('says who holds the lock, since when, which run, and what to do', () => {
    expect(decide(takenBy(other), mine, 30)).toEqual({
      do: 'refuse',
      reason:
        'Another run holds the lock: run 2 (attempt 1) by marc, deploying v1.1.0 since 2026-11-23 10:00 UTC: https://github.example/acme/x/actions/runs/2',
      next: 'Wait until that run has ended, or cancel it; then run this one again.',
    })
    expect(decide(betweenJobs(other), mine, 30)).toMatchObject({
      reason: expect.stringMatching(/kept for its next job until 2026-11-23 10:10 UTC/),
      next: 'See how that run ended. Re-run it or roll back; or wait until 2026-11-23 10:10 UTC and run this one again.',
    })
  })

  it('names the dead holder that it takes the lock from', () => {
    expect(decide(takenBy(other), mine, 90)).toMatchObject({ dead: { holder: { run: '2' } } })
    expect(decide(betweenJobs(mine), mine, 30)).toMatchObject({ dead: undefined })
  })

  it('asks once, then waits, and asks again when the request was forgotten', () => {
    const asked = decide(takenBy(other), rollback, 30)
    if (asked.do !== 'ask') throw new Error(asked.do)
    expect(asked.state.stop).toMatchObject({ run: '3', actor: 'olga' })
    expect(holdingOf(asked.state, takenBy(other).grip!)).toBe('asked')
    expect(decide(asked.state, rollback, 31).do).toBe('wait')
    expect(decide(asked.state, contender('5', { purpose: 'rollback' }), 31).do).toBe('wait')
    const stubborn = renewed(asked.state, asked.state.grip!, at(150))
    expect(decide(stubborn, rollback, 151).do).toBe('ask')
  })

  it('keeps a lock that was asked for from everybody but who asked', () => {
    const asked = decide(takenBy(other), rollback, 30)
    if (asked.do !== 'ask') throw new Error(asked.do)
    const yielded = handedOver(asked.state, asked.state.grip!, at(33), 600_000)
    expect(decide(yielded, other, 34)).toMatchObject({
      do: 'refuse',
      reason: 'olga asked for the lock to roll back: https://github.example/acme/x/actions/runs/3',
    })
    expect(decide(released(yielded), mine, 34).do).toBe('refuse')
    const taken = decide(yielded, rollback, 34)
    expect(taken.do === 'take' && taken.state.stop).toBeUndefined()
  })

  describe('of another rollback, once a rollback has met it', () => {
    const marc = contender('4', { actor: 'marc', purpose: 'rollback' })
    const state = takenBy(marc)
    const met = state.grip!
    const after = (now: LockState, seconds: number) =>
      decideLock(now, rollback, { now: at(seconds), leaseMs, met })

    it('waits while nothing is heard of it, and takes over when its lease ends', () => {
      expect(after(state, 30)).toEqual({ do: 'wait', for: 'silent', grip: met })
      expect(after(state, 69.999).do).toBe('wait')
      expect(after(state, 70)).toMatchObject({ do: 'take', dead: met })
    })

    it('ends when it gives a sign, and says who goes back', () => {
      const alive = after(renewed(state, met, at(32)), 33)
      expect(alive).toMatchObject({
        do: 'refuse',
        reason: expect.stringMatching(/run 4 .*by marc, going back from v1\.1\.0 since/),
      })
    })

    it('ends where a third one has taken it, and does not wait for all of them', () => {
      const third = decideLock(state, contender('5', { purpose: 'rollback' }), { now: at(70), leaseMs, met })
      if (third.do !== 'take') throw new Error('not dead')
      expect(after(third.state, 71).do).toBe('refuse')
    })

    it('takes it where it was left or given back meanwhile', () => {
      expect(after(handedOver(state, met, at(31), 600_000), 32).do).toBe('take')
      expect(after(released(state), 32).do).toBe('take')
    })
  })

  it('never lets a deployment write again that was planned before a rollback', () => {
    const back = decide(betweenJobs(mine), rollback, 30)
    if (back.do !== 'take') throw new Error(back.do)
    const after = released(back.state)
    const rerun = contender('1', { attempt: '2' })
    expect(decide(after, rerun, 100)).toMatchObject({
      do: 'refuse',
      reason: expect.stringMatching(/^A rollback began at 2026-11-23 10:00 UTC/),
    })
    const next = decide(after, contender('9', { openedAt: at(40) }), 100)
    if (next.do !== 'take') throw new Error(next.do)
    expect(decide(released(next.state), rerun, 200).do).toBe('refuse')
  })
})

describe('the holder of a lock', () => {
  it('stops writing well before anybody may take it over', () => {
    expect(writableUntil(takenBy(mine).grip!)).toEqual(at(55))
  })

  it('knows its own grip from a later one of the same run', () => {
    const first = takenBy(mine)
    const again = decide(handedOver(first, first.grip!, at(20), 600_000), mine, 30)
    if (again.do !== 'take') throw new Error(again.do)
    expect(holdingOf(first, first.grip!)).toBe('held')
    expect(holdingOf(again.state, first.grip!)).toBe('lost')
    expect(holdingOf(released(first), first.grip!)).toBe('lost')
  })
})

/** One process: it reads, decides and writes in separate steps, and anything may happen between them. */
class Process {
  readonly #server: Server
  readonly #who: Contender
  readonly #skewMs: number
  #read: { version: number; state: LockState; now: Date } | undefined
  grip: Grip | undefined

  constructor(server: Server, who: Contender, skewMs: number) {
    this.#server = server
    this.#who = who
    this.#skewMs = skewMs
  }

  #now(): Date {
    return new Date(this.#server.now + this.#skewMs)
  }

  mayWrite(): boolean {
    return this.grip !== undefined && this.#now() < writableUntil(this.grip)
  }

  step(action: 'read' | 'write' | 'leave' | 'release'): void {
    if (action === 'read') this.#read = { ...this.#server.read(), now: this.#now() }
    else if (this.#read !== undefined) {
      const { version, state, now } = this.#read
      this.#read = undefined
      if (this.grip === undefined) this.#acquire(version, state, now)
      else this.#hold(action, version, state, now, this.grip)
    }
  }

  #acquire(version: number, state: LockState, now: Date): void {
    const decision = decideLock(state, this.#who, { now, leaseMs })
    if (decision.do !== 'take' && decision.do !== 'ask') return
    if (this.#server.write(version, decision.state) && decision.do === 'take') this.grip = decision.state.grip
  }

  #hold(
    action: 'write' | 'leave' | 'release',
    version: number,
    state: LockState,
    now: Date,
    grip: Grip,
  ): void {
    if (action !== 'write' || holdingOf(state, grip) !== 'held') this.grip = undefined
    const isGone = holdingOf(state, grip) === 'lost'
    if (isGone) return
    if (this.grip === undefined) {
      this.#server.write(
        version,
        action === 'release' ? released(state) : handedOver(state, grip, now, 600_000),
      )
    } else if (this.#server.write(version, renewed(state, grip, now))) this.grip = { ...grip, renewedAt: now }
  }
}

class Server {
  now = at(0).getTime()
  #version = 0
  #state: LockState = {}

  read() {
    return { version: this.#version, state: this.#state }
  }

  write(version: number, state: LockState): boolean {
    if (version !== this.#version) return false
    this.#version += 1
    this.#state = state
    return true
  }
}

describe('any interleaving of reading, deciding and writing', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ who: fc.nat(3), action: fc.constantFrom('read', 'write') }) },
    { weight: 1, arbitrary: fc.record({ who: fc.nat(3), action: fc.constantFrom('leave', 'release') }) },
    { weight: 2, arbitrary: fc.record({ passMs: fc.nat(40_000) }) },
  )
  // Half of the margin each: that is how far two clocks may be apart.
  const skews = fc.array(fc.integer({ min: -7_000, max: 7_000 }), { minLength: 4, maxLength: 4 })

  it('never has two processes that may write', () => {
    let held = 0
    let changes = 0
    fc.assert(
      fc.property(skews, fc.array(step, { minLength: 20, maxLength: 120 }), (skewsMs, steps) => {
        const server = new Server()
        const runs = [mine, contender('1', { attempt: '2' }), other, rollback]
        const processes = runs.map((who, index) => new Process(server, who, skewsMs[index] ?? 0))
        let last: Process | undefined
        for (const each of steps) {
          if ('passMs' in each) server.now += each.passMs
          else processes[each.who]!.step(each.action)
          const writers = processes.filter((process) => process.mayWrite())
          expect(writers.length).toBeLessThanOrEqual(1)
          if (writers[0] !== undefined && writers[0] !== last) {
            if (last !== undefined) changes += 1
            last = writers[0]
            held += 1
          }
        }
      }),
      { numRuns: 2_000 },
    )
    // It has been held, and it has changed hands: the property is not true of nothing.
    expect(held).toBeGreaterThan(1_000)
    expect(changes).toBeGreaterThan(500)
  })
})
