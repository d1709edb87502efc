import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { buildAct } from './build.ts'
import { pushTagEvent, type EventSource } from './events.ts'
import { makeRepository, type RepositoryFixture } from './repository.fixture.ts'
import { runWorkflow, type Run, type RunEvent, type RunOptions, type RunResult } from './run.ts'

const buildTimeoutMs = 600_000
export const runTimeoutMs = 60_000
const fixtures = join(import.meta.dirname, 'fixtures')

/** With everything that a file format, a shell or an expression could take for its own. */
export const kubeconfig =
  'kind: Config\n  token: "s3cr3t" $HOME `id` ${{ github.actor }} \\n \u2028 é\nlast-line-of-it'
const token = 'the-token-of-the-run'

/** The fixture of a test file: made before its first test, its runs ended after each. */
export function runFixture(): RunFixture {
  const fixture = new RunFixture()
  beforeAll(() => fixture.build(), buildTimeoutMs)
  afterEach(() => fixture.killStarted())
  afterAll(() => {
    fixture.remove()
  })
  return fixture
}

/** The built runner, and a caller's repository with tags `v1.0.0` and `v1.1.0`. */
export class RunFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'runner-'))
  /** The runner's binary, once it is built. */
  act = ''
  readonly repository: RepositoryFixture
  readonly source: EventSource
  #runId = 4710
  #started: Run[] = []

  constructor() {
    this.repository = makeRepository(this.folder, join(fixtures, 'caller'))
    const { bare, commit, git } = this.repository
    git('tag', '-a', 'v1.0.0', '-m', 'first')
    commit('CHANGES.md', 'second\n')
    git('tag', '-a', 'v1.1.0', '-m', 'second')
    commit('LATER.md', 'later than the tag\n')
    git('push', '--quiet', 'origin', 'main', 'v1.0.0', 'v1.1.0')
    this.source = { bare, repository: 'acme/pipeline', actor: 'rosa', server: 'http://127.0.0.1:9' }
  }

  async build(): Promise<void> {
    this.act = await buildAct({ log: (line) => process.stderr.write(`${line}\n`) })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  /** Options for a workflow of the caller at `v1.1.0`. */
  async options(workflow: string, more: Partial<RunOptions> = {}): Promise<RunOptions> {
    const { server } = this.source
    return {
      act: this.act,
      repositories: this.repository.repositories,
      repository: 'acme/pipeline',
      workflow: `.github/workflows/${workflow}.yml`,
      event: await pushTagEvent(this.source, { tag: 'v1.1.0' }),
      suite: join(fixtures, 'suite'),
      labels: ['ubuntu-latest', 'self-hosted', 'linux'],
      github: { server, api: server, graphql: `${server}/graphql` },
      runId: ++this.#runId,
      runNumber: 7,
      actor: 'rosa',
      token,
      secrets: { KUBECONFIG_DATA: kubeconfig },
      variables: { REGION: 'eu' },
      ...more,
    }
  }

  /** Starts a run that `killStarted` ends, should its test not do so. */
  start(options: RunOptions, onEvent?: (event: RunEvent) => void): Run {
    const run = runWorkflow(options, onEvent)
    this.#started.push(run)
    return run
  }

  async killStarted(): Promise<void> {
    await Promise.all(this.#started.map((run) => run.kill()))
    this.#started = []
  }
}

/** Result of each job by its name. */
export function results(result: RunResult): Record<string, string> {
  return Object.fromEntries(result.jobs.map((job) => [job.name, job.result]))
}

/** Lines that the steps of a job printed. */
export function linesOf(events: RunEvent[], jobId: string): string[] {
  return events.flatMap((event) => (event.type === 'line' && event.job.id === jobId ? [event.text] : []))
}

export function isLine(event: RunEvent, start: string): event is RunEvent & { type: 'line' } {
  return event.type === 'line' && event.text.startsWith(start)
}

/** Waits for the fixture's action `hold`; gives its process id and that of its child. */
export async function holding(run: Run, jobId = 'production'): Promise<number[]> {
  const event = await run.until((event) => isLine(event, 'holding ') && event.job.id === jobId)
  return event.type === 'line' ? event.text.split(' ').slice(1).map(Number) : []
}

/** Command line of a process; empty if it has ended, also if nobody has waited for it yet. */
export function commandLine(id: number | string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export function isAlive(id: number): boolean {
  return commandLine(id) !== ''
}
