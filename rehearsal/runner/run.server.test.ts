import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { dispatchEvent, pushTagEvent } from './events.ts'
import { installHook, watchPushes } from './pushes.ts'
import {
  commandLine,
  isAlive,
  isLine,
  kubeconfig,
  linesOf,
  results,
  runFixture,
  runTimeoutMs,
} from './run.fixture.ts'
import type { RunEvent, RunResult } from './run.ts'

const fixture = runFixture()

beforeAll(() => {
  process.env.LEAK_OF_THE_PARENT = 'x'
})
afterAll(() => {
  delete process.env.LEAK_OF_THE_PARENT
})

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(commandLine)
}

describe('a deployment that fails in production', () => {
  const events: RunEvent[] = []
  let seenCommandLines: string[] = []
  let result: RunResult

  beforeAll(async () => {
    const run = fixture.start(await fixture.options('deploy'), (event) => {
      events.push(event)
      if (isLine(event, 'node v')) seenCommandLines = commandLines()
    })
    result = await run.finished
  }, runTimeoutMs)

  it('has the results that GitHub would show', () => {
    expect(result.conclusion).toBe('failure')
    expect(results(result)).toEqual({
      'deploy / Plan': 'success',
      'deploy / staging': 'skipped',
      'deploy / check-1': 'success',
      'deploy / check-2': 'success',
      'deploy / production': 'failure',
      'deploy / rollback': 'success',
      'deploy / finish': 'skipped',
      'deploy / record': 'success',
      after: 'success',
    })
    expect(result.log).not.toContain('must not run\n')
  })

  it('carries outputs from steps to jobs, out of the called workflow and to the caller', () => {
    const plan = result.jobs.find((job) => job.id === 'plan')
    expect(plan?.outputs).toMatchObject({
      commit: fixture.repository.git('rev-parse', 'v1.1.0^{commit}'),
      context: 'context-of-production',
      said: 'dry-run false, share 10, eu, $LOGGED_IN',
    })
    expect(result.outputs).toEqual({ deploy: { outcome: 'triggered', skipped: '' } })
    expect(linesOf(events, 'production')[0]).toBe('staging was skipped and said []')
    expect(linesOf(events, 'rollback')).toEqual(['rollback because of triggered'])
    expect(linesOf(events, 'record')).toEqual(['recorded failure, rollback success'])
    expect(linesOf(events, 'after')).toEqual(['after sees failure, outcome [triggered], skipped []'])
  })

  it('reports steps with outcome and duration', () => {
    const steps = result.jobs.find((job) => job.id === 'production')?.steps ?? []
    expect(steps.map((step) => step.outcome)).toEqual([
      'success',
      'failure',
      'success',
      'failure',
      'success',
      'skipped',
    ])
    expect(steps[3]).toMatchObject({ id: 'roll', outputs: { outcome: 'triggered' } })
    expect(steps[3]?.durationMs).toBeGreaterThan(0)
    expect(linesOf(events, 'production')).toContain('tolerated failure as success')
  })

  it('keeps summaries, annotations and the last line of a failing step', () => {
    const plan = result.jobs.find((job) => job.id === 'plan')
    expect(plan?.summaries).toHaveLength(1)
    expect(plan?.summaries[0]).toContain('# Summary\n\ndry-run false, share 10, eu')
    expect(result.annotations).toContainEqual({
      job: 'deploy / production',
      level: 'error',
      title: 'error-rate = 7 %',
      message: 'limit is 5 % (see pipeline::limits)\nsecond line',
      file: 'runbook.yaml',
      line: 3,
    })
    expect(linesOf(events, 'production')).toContain('last line of a failing step')
  })

  it('runs actions with this Node on a pipe, checks out the commit of the tag, and runs post', () => {
    const lines = linesOf(events, 'plan')
    expect(lines).toContain(`node ${process.version}, terminal false, token of 20 characters`)
    expect(lines).toContain('v1.1.0')
    expect(lines).toContain('post with state kept')
  })

  it('hands secrets over unchanged and shows none', () => {
    const digest = createHash('sha256').update(kubeconfig).digest('hex')
    expect(result.jobs.find((job) => job.id === 'plan')?.outputs.secret).toBe(digest)
    const everything = JSON.stringify([events, result])
    expect(everything).toContain('secret whole: ***')
    expect(everything).toContain('made: ***')
    for (const secret of ['s3cr3t', 'last-line-of-it', 'password-made-at-run-time', 'the-token-of-the-run']) {
      expect(everything).not.toContain(secret)
    }
  })

  it('drops an output that holds a line of a secret', () => {
    expect(result.jobs.find((job) => job.id === 'plan')?.outputs).not.toHaveProperty('leak')
    expect(result.annotations).toContainEqual(
      expect.objectContaining({ message: "Skip output 'leak' since it may contain secret." }),
    )
  })

  it('shows no secret in the arguments of a process', () => {
    const runners = seenCommandLines.filter((line) => line.startsWith(`${fixture.act}\0`))
    expect(runners.length).toBeGreaterThan(0)
    expect(seenCommandLines.join('\n')).not.toMatch(/s3cr3t|the-token-of-the-run/)
  })

  it('gives steps an environment in which nothing is ours', () => {
    const line = linesOf(events, 'plan').find((text) => text.startsWith('environment: ')) ?? ''
    const environment = z.record(z.string(), z.string()).parse(JSON.parse(line.replace('environment: ', '')))
    const names = Object.keys(environment)
    expect(names).toContain('GITHUB_OUTPUT')
    expect(names).toContain('LOGGED_IN')
    expect(names).not.toContain('LEAK_OF_THE_PARENT')
    expect(names).not.toContain('KUBECONFIG_DATA')
    const known =
      /^(GITHUB_\w+|RUNNER_\w+|ACT|CI|HOME|ImageOS|LANG|LOGGED_IN|PATH|REHEARSAL_GIT|TMPDIR|INPUT_\w+)$/
    expect(names.filter((name) => !known.test(name))).toEqual([])
  })
})

describe('a pushed tag', () => {
  it(
    'starts the workflow at its commit',
    async () => {
      await installHook(fixture.repository.bare)
      const stop = new AbortController()
      let result: RunResult | undefined
      const watching = watchPushes(
        fixture.repository.bare,
        async ({ ref, before }) => {
          const event = await pushTagEvent(fixture.source, { tag: ref.replace('refs/tags/', ''), before })
          result = await fixture.start(await fixture.options('deploy', { event })).finished
          stop.abort()
        },
        stop.signal,
      )
      fixture.repository.git('tag', '-a', 'v1.2.0', '-m', 'third', 'main')
      fixture.repository.git('push', '--quiet', 'origin', 'v1.2.0')
      await watching

      const plan = result?.jobs.find((job) => job.id === 'plan')
      expect(plan?.outputs.commit).toBe(fixture.repository.git('rev-parse', 'main'))
      expect(result?.log).toContain('deploy / Plan: v1.2.0')
    },
    runTimeoutMs,
  )
})

describe('a workflow started by hand', () => {
  it(
    'gets its inputs, and the checkouts it asks for',
    async () => {
      const events: RunEvent[] = []
      const event = await dispatchEvent(fixture.source, {
        ref: 'refs/heads/main',
        workflow: '.github/workflows/dispatch.yml',
        inputs: { 'dry-run': false, reason: 'too slow' },
      })
      const run = fixture.start(await fixture.options('dispatch', { event }), (seen) => events.push(seen))
      const result = await run.finished

      const main = fixture.repository.git('rev-parse', 'main')
      expect(result.jobs[0]?.outputs.seen).toBe(
        `false true patch too slow workflow_dispatch refs/heads/main ${main} rosa`,
      )
      expect(linesOf(events, 'show')).toEqual(
        expect.arrayContaining(['old is v1.0.0, 1 commit, header 1', 'main is on main, header 0']),
      )
      expect(result.conclusion).toBe('failure')
      expect(result.annotations).toEqual([
        expect.objectContaining({ message: 'acme/pipeline has no branch, tag or full commit "v9.9.9"' }),
      ])
      const left = linesOf(events, 'show').find((line) => line.startsWith('left '))
      expect(isAlive(Number(left?.replace('left ', '')))).toBe(false)
      expect(result.log).toContain('[runner] ended 1 orphan process(es)')
    },
    runTimeoutMs,
  )
})

describe('a workflow that cannot run', () => {
  it('fails without a job, and the log says why', async () => {
    const result = await fixture.start(await fixture.options('refused')).finished
    expect(result).toMatchObject({ conclusion: 'failure', jobs: [] })
    expect(result.log).toContain('Unknown Property colour')
  })

  it('fails if no runner has the label', async () => {
    const result = await fixture.start(await fixture.options('no-runner')).finished
    expect(result).toMatchObject({ conclusion: 'failure', jobs: [] })
    expect(result.log).toContain('no runner has one of the labels [a-label-of-nobody]')
  })

  it('lets no one wait for an event that does not come', async () => {
    const run = fixture.start(await fixture.options('refused'))
    await expect(run.until((event) => event.type === 'summary')).rejects.toThrow('Unknown Property colour')
    await run.finished
  })

  it('ends the run if the receiver of events throws', async () => {
    const run = fixture.start(await fixture.options('cancel'), (event) => {
      if (isLine(event, 'holding ')) throw new Error('full disk')
    })
    await expect(run.finished).rejects.toThrow('full disk')
  })
})
