import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import {
  actArguments,
  actEnvironment,
  checkoutReferences,
  runFiles,
  stepEnvironment,
  yamlMap,
  type RunFiles,
  type RunOptions,
} from './command.ts'
import { parseLine, runnerLine, type Annotation, type RunEvent } from './log.ts'
import { Masks } from './masks.ts'
import { killProcessesWith, signalIfAlive } from './processes.ts'
import { RunRecord, type JobResult } from './result.ts'

export type { RunOptions } from './command.ts'
export type { RunEvent } from './log.ts'
export type { JobResult, StepResult } from './result.ts'

const runFile = promisify(execFile)
/** act says so at each start; a step in a process of its own needs none. */
const noDocker = "Couldn't get a valid docker connection"
/** By this variable GitHub's runner, too, finds the processes of a job. */
const trackingVariable = 'RUNNER_TRACKING_ID'
const jobVariable = 'GITHUB_JOB'

/** How a run ended. */
export interface RunResult {
  /** As GitHub shows it; a run whose runner was lost has failed. */
  conclusion: 'success' | 'failure' | 'cancelled'
  /** Jobs that ran or were skipped, in the order in which they began. Empty if the workflow is refused: see the log. */
  jobs: JobResult[]
  annotations: (Annotation & { job: string })[]
  /** Outputs of called workflows, by the id of the calling job. */
  outputs: Record<string, Record<string, string>>
  /** All lines of the run, secrets masked. */
  log: string
}

/** A workflow run that has been started. */
export interface Run {
  /** Ends with the run, however it ends. Rejects only if the run could not be made or followed. */
  finished: Promise<RunResult>
  /** The first event, past or coming, for which the test holds. Rejects if the run ends without one. */
  until: (test: (event: RunEvent) => boolean) => Promise<RunEvent>
  /** What "Cancel workflow" does: SIGINT to the running steps, then the jobs whose `if` still holds. */
  cancel: () => void
  /**
   * What the loss of one job's machine does: its processes end at once, no further step of it runs, and it hands on
   * nothing; the jobs that need it go on. GitHub finds out after some minutes; here it is known at once.
   */
  lose: (jobId: string) => Promise<void>
  /** What the loss of GitHub and all machines does: every process of the run ends at once, nothing cleans up. */
  kill: () => Promise<void>
}

/** Runs the workflow at the commit of the event. Runs share nothing; any number may run at once. */
export function runWorkflow(options: RunOptions, onEvent?: (event: RunEvent) => void): Run {
  return new ActRun(options, onEvent)
}

class ActRun implements Run {
  readonly finished: Promise<RunResult>
  readonly #options: RunOptions
  readonly #onEvent: ((event: RunEvent) => void) | undefined
  readonly #trackingId = `github_${randomUUID()}`
  readonly #tracked = { [trackingVariable]: this.#trackingId }
  readonly #masks: Masks
  readonly #record = new RunRecord()
  readonly #events: RunEvent[] = []
  readonly #listeners = new Set<() => void>()
  #files: RunFiles | undefined
  #act: ChildProcess | undefined
  #stopped: 'cancel' | 'kill' | undefined
  #isOver = false

  constructor(options: RunOptions, onEvent: ((event: RunEvent) => void) | undefined) {
    this.#options = options
    this.#onEvent = onEvent
    this.#masks = new Masks([options.token, ...Object.values(options.secrets)])
    this.finished = this.#run().finally(() => {
      this.#isOver = true
      this.#notify()
    })
  }

  async until(test: (event: RunEvent) => boolean): Promise<RunEvent> {
    for (let seen = 0; ;) {
      for (; seen < this.#events.length; seen++) {
        const event = this.#events[seen]
        if (event && test(event)) return event
      }
      if (this.#isOver) throw new Error(`the run ended without the event; its log:\n${this.#record.log}`)
      await new Promise<void>((resolve) => this.#listeners.add(resolve))
    }
  }

  cancel(): void {
    // a second SIGINT would end act without the jobs that follow a cancellation
    if (this.#stopped) return
    this.#stopped = 'cancel'
    if (this.#act?.pid !== undefined && !this.#isOver) signalIfAlive(this.#act.pid, 'SIGINT')
  }

  async lose(jobId: string): Promise<void> {
    if (this.#files === undefined)
      throw new Error(`the run has not begun, so its job ${jobId} cannot be lost`)
    // act is told first: it would take the end of the step for a failure, and run those that always run
    await mkdir(this.#files.lost, { recursive: true })
    await writeFile(join(this.#files.lost, jobId), '')
    await killProcessesWith({ ...this.#tracked, [jobVariable]: jobId })
  }

  async kill(): Promise<void> {
    this.#stopped = 'kill'
    // act first: it would take the end of a step for a failure and go on
    this.#act?.kill('SIGKILL')
    await killProcessesWith(this.#tracked)
  }

  async #run(): Promise<RunResult> {
    const files = runFiles(await mkdtemp(join(tmpdir(), 'rehearsal-run-')))
    this.#files = files
    try {
      const args = await this.#prepare(files).catch((error: unknown) => {
        // killed while git was making the clone
        if (this.#stopped !== 'kill') throw error
      })
      const exitCode = this.#stopped || !args ? null : await this.#follow(args, files)
      // as GitHub's runner does with what a job leaves behind
      const orphans = await killProcessesWith(this.#tracked)
      if (orphans > 0) this.#add(runnerLine(undefined, `ended ${orphans} orphan process(es)`))
      return this.#result(exitCode)
    } finally {
      await rm(files.root, { recursive: true, force: true })
    }
  }

  /** Writes the files of the run, and gives the arguments of act. */
  async #prepare(files: RunFiles): Promise<string[]> {
    const { event, repositories, repository, secrets, suite, token, variables, actions } = this.#options
    for (const folder of [files.home, files.temp, files.actions]) await mkdir(folder)
    const bare = join(repositories, `${repository}.git`)
    const env = actEnvironment(files, this.#trackingId)
    await runFile('git', ['clone', '--quiet', '--shared', '--no-checkout', bare, files.caller], { env })
    await runFile('git', ['-C', files.caller, 'checkout', '--quiet', '--detach', event.sha], { env })
    await writeFile(files.event, JSON.stringify(event.payload))
    await writeFile(files.secrets, yamlMap({ ...secrets, GITHUB_TOKEN: token }), { mode: 0o600 })
    await writeFile(files.variables, yamlMap(variables ?? {}))
    await writeFile(files.environment, yamlMap(stepEnvironment(this.#options, this.#trackingId)))
    const sources = [files.caller, suite, ...Object.values(actions ?? {})]
    return actArguments(this.#options, files, await checkoutReferences(sources))
  }

  /** Starts act and reads it to its end. Gives the exit code, null if a signal ended it. */
  async #follow(args: string[], files: RunFiles): Promise<number | null> {
    const act = spawn(this.#options.act, args, {
      cwd: files.root,
      env: actEnvironment(files, this.#trackingId),
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in the terminal is ours to handle
      detached: true,
    })
    this.#act = act
    const ended = new Promise<number | null>((resolve, reject) => {
      act.on('error', reject)
      act.on('close', resolve)
    })
    try {
      const [exitCode] = await Promise.all([
        ended,
        this.#read(act.stdout, async (line) => {
          const event = parseLine(line, this.#masks)
          // the secrets have been read when the first job begins
          if (event?.type === 'job-started') await rm(files.secrets, { force: true })
          return event
        }),
        // act's own messages; a part of them is JSON
        this.#read(act.stderr, (line) => {
          const event = parseLine(line, this.#masks)
          return event?.type === 'runner' && event.text.startsWith(noDocker) ? undefined : event
        }),
      ])
      return exitCode
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  async #read(
    stream: Readable,
    parse: (line: string) => RunEvent | undefined | Promise<RunEvent | undefined>,
  ): Promise<void> {
    for await (const line of createInterface({ input: stream })) {
      const event = await parse(line)
      if (event) this.#add(event)
    }
  }

  #add(event: RunEvent): void {
    this.#record.add(event)
    this.#events.push(event)
    this.#notify()
    this.#onEvent?.(event)
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }

  #result(exitCode: number | null): RunResult {
    const { jobs, log, outputs } = this.#record
    const annotations = jobs.flatMap((job) => job.annotations.map((note) => ({ ...note, job: job.name })))
    return { conclusion: this.#conclusion(exitCode, jobs), jobs, annotations, outputs, log }
  }

  #conclusion(exitCode: number | null, jobs: JobResult[]): RunResult['conclusion'] {
    if (exitCode === 0) return 'success'
    if (this.#stopped === 'cancel' && (exitCode === null || jobs.some((job) => job.result === 'cancelled'))) {
      return 'cancelled'
    }
    return 'failure'
  }
}
