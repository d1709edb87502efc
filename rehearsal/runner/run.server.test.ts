import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { buildAct } from './build.ts'
import { dispatchEvent, pushTagEvent, type EventSource } from './events.ts'
import { makeRepository, type RepositoryFixture } from './repository.fixture.ts'
import { runWorkflow, type Run, type RunEvent, type RunOptions, type RunResult } from './run.ts'

const buildTimeoutMs = 600_000
const runTimeoutMs = 60_000
const fixtures = join(import.meta.dirname, 'fixtures')
const leak = 'LEAK_OF_THE_PARENT'
/** With everything that a file format, a shell or an expression could take for its own. */
const kubeconfig =
  'kind: Config\n  token: "s3cr3t" $HOME `id` ${{ github.actor }} \\n \u2028 é\nlast-line-of-it'

let folder: string
let act: string
let repository: RepositoryFixture
let source: EventSource
let runId = 4710
let started: Run[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runner-'))
  process.env[leak] = 'x'
  act = await buildAct({ log: (line) => process.stderr.write(`${line}\n`) })
  repository = makeRepository(folder, join(fixtures, 'caller'))
  repository.git('tag', '-a', 'v1.0.0', '-m', 'first')
  repository.commit('CHANGES.md', 'second\n')
  repository.git('tag', '-a', 'v1.1.0', '-m', 'second')
  repository.commit('LATER.md', 'later than the tag\n')
  repository.git('push', '--quiet', 'origin', 'main', 'v1.0.0', 'v1.1.0')
  source = { bare: repository.bare, repository: 'acme/pipeline', actor: 'rosa', server: 'http://127.0.0.1:9' }
}, buildTimeoutMs)

afterAll(() => {
  delete process.env[leak]
  rmSync(folder, { recursive: true })
})

afterEach(async () => {
  // a run that its test has not waited for would outlive it
  await Promise.all(started.map((run) => run.kill()))
  started = []
})

function start(runOptions: RunOptions, onEvent?: (event: RunEvent) => void): Run {
  const run = runWorkflow(runOptions, onEvent)
  started.push(run)
  return run
}

async function options(workflow: string, more: Partial<RunOptions> = {}): Promise<RunOptions> {
  return {
    act,
    repositories: repository.repositories,
    repository: 'acme/pipeline',
    workflow: `.github/workflows/${workflow}.yml`,
    event: await pushTagEvent(source, { tag: 'v1.1.0' }),
    suite: join(fixtures, 'suite'),
    labels: ['ubuntu-latest', 'self-hosted', 'linux'],
    github: { server: source.server, api: source.server, graphql: `${source.server}/graphql` },
    runId: ++runId,
    runNumber: 7,
    actor: 'rosa',
    token: 'the-token-of-the-run',
    secrets: { KUBECONFIG_DATA: kubeconfig },
    variables: { REGION: 'eu' },
    ...more,
  }
}

function results(result: RunResult): Record<string, string> {
  return Object.fromEntries(result.jobs.map((job) => [job.name, job.result]))
}

/** Lines that the steps of a job printed. */
function linesOf(events: RunEvent[], jobId: string): string[] {
  return events.flatMap((event) => (event.type === 'line' && event.job.id === jobId ? [event.text] : []))
}

function isLine(event: RunEvent, start: string): event is RunEvent & { type: 'line' } {
  return event.type === 'line' && event.text.startsWith(start)
}

/** Waits for the fixture's action `hold`; gives its process id and that of its child. */
async function holding(run: Run, jobId = 'production'): Promise<number[]> {
  const event = await run.until((event) => isLine(event, 'holding ') && event.job.id === jobId)
  return event.type === 'line' ? event.text.split(' ').slice(1).map(Number) : []
}

function isAlive(id: number): boolean {
  // a process that has ended and is not yet waited for has no memory, so no command line
  return existsSync(`/proc/${id}`) && readFileSync(`/proc/${id}/cmdline`, 'utf8') !== ''
}

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8')
      } catch {
        return '' // ended meanwhile
      }
    })
}

describe('a deployment that fails in production', () => {
  const events: RunEvent[] = []
  let seenCommandLines: string[] = []
  let result: RunResult

  beforeAll(async () => {
    const run = start(await options('deploy'), (event) => {
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
      commit: repository.git('rev-parse', 'v1.1.0^{commit}'),
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
    const runners = seenCommandLines.filter((line) => line.startsWith(`${act}\0`))
    expect(runners).toHaveLength(1)
    expect(seenCommandLines.join('\n')).not.toMatch(/s3cr3t|the-token-of-the-run/)
  })

  it('gives steps an environment in which nothing is ours', () => {
    const line = linesOf(events, 'plan').find((text) => text.startsWith('environment: ')) ?? ''
    const environment: unknown = JSON.parse(line.replace('environment: ', ''))
    const names = Object.keys(Object(environment))
    expect(names).toContain('GITHUB_OUTPUT')
    expect(names).toContain('LOGGED_IN')
    expect(names).not.toContain(leak)
    expect(names).not.toContain('KUBECONFIG_DATA')
    const known =
      /^(GITHUB_\w+|RUNNER_\w+|ACT|CI|HOME|ImageOS|LANG|LOGGED_IN|PATH|REHEARSAL_GIT|TMPDIR|INPUT_\w+)$/
    expect(names.filter((name) => !known.test(name))).toEqual([])
  })
})

describe('a run that is cancelled', () => {
  it(
    'lets the action end by itself, then runs what is meant for it',
    async () => {
      const file = join(folder, 'ends')
      const events: RunEvent[] = []
      const run = start(await options('cancel', { variables: { ENDS_WHEN: file } }), (event) => {
        events.push(event)
        // the job that a cancellation spares ends when the other one has ended
        if (event.type === 'job-finished' && event.job.id === 'production') writeFileSync(file, '')
      })
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
      const run = start(await options('stubborn'), (event) =>
        events.push({ ...event, at: performance.now() }),
      )
      const processes = await holding(run)
      const cancelledAt = performance.now()
      run.cancel()
      const result = await run.finished

      expect(result.conclusion).toBe('cancelled')
      const after = (start: string) => (events.find((event) => isLine(event, start))?.at ?? NaN) - cancelledAt
      expect(after('got SIGINT')).toBeLessThan(5_000)
      expect(after('got SIGTERM')).toBeGreaterThan(7_400)
      expect(after('got SIGTERM')).toBeLessThan(9_900)
      expect(result.jobs[0]?.steps[0]?.durationMs).toBeGreaterThan(9_900)
      expect(processes.filter(isAlive)).toEqual([])
    },
    runTimeoutMs,
  )

  it('never starts if it is cancelled at once', async () => {
    const run = start(await options('deploy'))
    run.cancel()
    expect(await run.finished).toMatchObject({ conclusion: 'cancelled', jobs: [] })
  })
})

describe('a run whose runner is lost', () => {
  it(
    'has failed, and nothing of it is left',
    async () => {
      const before = readdirSync(tmpdir()).filter((name) => name.startsWith('rehearsal-run-'))
      const run = start(await options('cancel'))
      const processes = [...(await holding(run)), ...(await holding(run, 'goes-on'))]
      expect(processes.filter(isAlive)).toHaveLength(4)
      await run.kill()
      const result = await run.finished

      expect(processes.filter(isAlive)).toEqual([])
      expect(result.conclusion).toBe('failure')
      expect(results(result)).toEqual({ 'deploy / production': 'failure', 'deploy / goes-on': 'failure' })
      expect(result.log).not.toContain('got SIG')
      expect(result.log).not.toContain('post after hold')
      const left = readdirSync(tmpdir()).filter((name) => name.startsWith('rehearsal-run-'))
      expect(left.filter((name) => !before.includes(name))).toEqual([])
    },
    runTimeoutMs,
  )
})

describe('runs at the same time', () => {
  it(
    'share nothing',
    async () => {
      const both = await Promise.all([options('cancel'), options('cancel')])
      const [first, second] = both.map((each) => start(each))
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
          async (REGION) => start(await options('deploy', { variables: { REGION } })).finished,
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

describe('a workflow started by hand', () => {
  it(
    'gets its inputs, and the checkouts it asks for',
    async () => {
      const events: RunEvent[] = []
      const event = await dispatchEvent(source, {
        ref: 'refs/heads/main',
        workflow: '.github/workflows/dispatch.yml',
        inputs: { 'dry-run': false, reason: 'too slow' },
      })
      const run = start(await options('dispatch', { event }), (seen) => events.push(seen))
      const result = await run.finished

      const main = repository.git('rev-parse', 'main')
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
    const result = await start(await options('refused')).finished
    expect(result).toMatchObject({ conclusion: 'failure', jobs: [] })
    expect(result.log).toContain('Unknown Property colour')
  })

  it('fails if no runner has the label', async () => {
    const result = await start(await options('no-runner')).finished
    expect(result).toMatchObject({ conclusion: 'failure', jobs: [] })
    expect(result.log).toContain('no runner has one of the labels [a-label-of-nobody]')
  })

  it('lets no one wait for an event that does not come', async () => {
    const run = start(await options('refused'))
    await expect(run.until((event) => event.type === 'summary')).rejects.toThrow('Unknown Property colour')
    await run.finished
  })

  it('ends the run if the receiver of events throws', async () => {
    const run = start(await options('cancel'), (event) => {
      if (isLine(event, 'holding ')) throw new Error('full disk')
    })
    await expect(run.finished).rejects.toThrow('full disk')
  })
})
