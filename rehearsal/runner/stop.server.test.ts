import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { holding, isAlive, isLine, linesOf, results, runFixture, runTimeoutMs } from './run.fixture.ts'
import type { RunEvent } from './run.ts'

const fixture = runFixture()

describe('a run that is cancelled', () => {
  it(
    'lets the action end by itself, then runs what is meant for it',
    async () => {
      const file = join(fixture.folder, 'ends')
      const events: RunEvent[] = []
      const run = fixture.start(
        await fixture.options('cancel', { variables: { ENDS_WHEN: file } }),
        (event) => {
          events.push(event)
          // the job that a cancellation spares ends when the other one has ended
          if (event.type === 'job-finished' && event.job.id === 'production') writeFileSync(file, '')
        },
      )
      await holding(run)
      await holding(run, 'goes-on')
      run.cancel()
      run.cancel()
      const result = await run.finished

      expect(result.conclusion).toBe('cancelled')
      expect(results(result)).toEqual({
        'deploy / production': 'cancelled',
        'deploy / goes-on': 'success',
        'deploy / cancelled': 'success',
        'deploy / rollback': 'skipped',
        'deploy / plain': 'skipped',
        'deploy / record': 'success',
      })
      const lines = linesOf(events, 'production').slice(1)
      expect(lines).toEqual(['got SIGINT', 'step of a cancelled job', 'post after hold'])
      expect(linesOf(events, 'goes-on')).toContain('went on')
      expect(linesOf(events, 'cancelled')).toEqual([
        'after cancellation production is cancelled, stopped by SIGINT',
      ])
      expect(linesOf(events, 'record')).toEqual(['recorded cancelled'])
    },
    runTimeoutMs,
  )

  it(
    'asks twice and then ends an action that goes on, with what it has started',
    async () => {
      const events: (RunEvent & { at: number })[] = []
      const run = fixture.start(await fixture.options('stubborn'), (event) =>
        events.push({ ...event, at: performance.now() }),
      )
      const processes = await holding(run)
      const cancelledAt = performance.now()
      run.cancel()
      const result = await run.finished

      expect(result.conclusion).toBe('cancelled')
      const after = (start: string) => (events.find((event) => isLine(event, start))?.at ?? NaN) - cancelledAt
      expect(after('got SIGINT')).toBeLessThan(after('got SIGTERM'))
      expect(after('got SIGTERM')).toBeGreaterThan(7_400)
      expect(result.jobs[0]?.steps[0]?.durationMs).toBeGreaterThan(9_900)
      expect(processes.filter(isAlive)).toEqual([])
    },
    runTimeoutMs,
  )

  it('never starts if it is cancelled at once', async () => {
    const run = fixture.start(await fixture.options('deploy'))
    run.cancel()
    expect(await run.finished).toMatchObject({ conclusion: 'cancelled', jobs: [] })
  })
})

describe('a run whose runner is lost', () => {
  it(
    'has failed, and nothing of it is left',
    async () => {
      const run = fixture.start(await fixture.options('cancel'))
      const processes = [...(await holding(run)), ...(await holding(run, 'goes-on'))]
      expect(processes.filter(isAlive)).toHaveLength(4)
      const workspace = readlinkSync(`/proc/${processes[0]}/cwd`)
      await run.kill()
      const result = await run.finished

      expect(processes.filter(isAlive)).toEqual([])
      expect(result.conclusion).toBe('failure')
      expect(results(result)).toEqual({ 'deploy / production': 'failure', 'deploy / goes-on': 'failure' })
      expect(result.log).not.toContain('got SIG')
      expect(result.log).not.toContain('post after hold')
      expect(existsSync(workspace)).toBe(false)
    },
    runTimeoutMs,
  )
})

describe('a run that loses the machine of one job', () => {
  it(
    'goes on with the jobs that need it, to which it hands on nothing',
    async () => {
      const file = join(fixture.folder, 'ends-after-loss')
      const run = fixture.start(await fixture.options('cancel', { variables: { ENDS_WHEN: file } }))
      const processes = await holding(run)
      const [other = 0] = await holding(run, 'goes-on')
      await run.lose('production')
      expect(processes.filter(isAlive)).toEqual([])
      expect(isAlive(other)).toBe(true)
      writeFileSync(file, '')
      const result = await run.finished

      expect(result.conclusion).toBe('failure')
      expect(results(result)).toEqual({
        'deploy / production': 'failure',
        'deploy / goes-on': 'success',
        'deploy / cancelled': 'skipped',
        'deploy / rollback': 'success',
        'deploy / plain': 'success',
        'deploy / record': 'success',
      })
      const production = result.jobs.find(({ id }) => id === 'production')
      expect(production?.outputs).toEqual({})
      const lines = result.log.split('\n').filter((line) => line.startsWith('deploy / production: '))
      for (const later of ['got SIG', 'must not run', 'step of a', 'post after']) {
        expect(lines.filter((line) => line.includes(later))).toEqual([])
      }
    },
    runTimeoutMs,
  )

  it('refuses to lose one of a run that has not begun', async () => {
    const run = fixture.start(await fixture.options('deploy'))
    await expect(run.lose('production')).rejects.toThrow('the run has not begun')
    await run.kill()
    await run.finished
  })
})

describe('a run that is killed at once', () => {
  it('has failed without a job', async () => {
    const run = fixture.start(await fixture.options('deploy'))
    await run.kill()
    expect(await run.finished).toMatchObject({ conclusion: 'failure', jobs: [] })
  })
})

describe('runs at the same time', () => {
  it(
    'share nothing',
    async () => {
      const both = await Promise.all([fixture.options('cancel'), fixture.options('cancel')])
      const [first, second] = both.map((each) => fixture.start(each))
      if (!first || !second) throw new Error('two runs were started')
      await Promise.all([holding(first), holding(second)])
      first.cancel()
      const firstProduction = await first.until(
        (event) => event.type === 'job-finished' && event.job.id === 'production',
      )
      expect(firstProduction).toMatchObject({ result: 'cancelled' })
      const [secondProcess = 0] = await holding(second)
      expect(isAlive(secondProcess)).toBe(true)
      await Promise.all([first.kill(), second.kill()])
      await Promise.all([first.finished, second.finished])
    },
    runTimeoutMs,
  )

  it(
    'each give their own result',
    async () => {
      const runs = await Promise.all(
        ['eu', 'us'].map(
          async (REGION) =>
            fixture.start(await fixture.options('deploy', { variables: { REGION } })).finished,
        ),
      )
      const said = runs.map((result) => result.jobs.find((job) => job.id === 'plan')?.outputs.said)
      expect(said).toEqual([
        'dry-run false, share 10, eu, $LOGGED_IN',
        'dry-run false, share 10, us, $LOGGED_IN',
      ])
      expect(runs.map((result) => results(result)['deploy / record'])).toEqual(['success', 'success'])
    },
    runTimeoutMs,
  )
})
