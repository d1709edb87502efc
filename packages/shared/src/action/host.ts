import * as core from '@actions/core'
import type { Variables } from './environment.ts'
import type { InputSource } from './inputs.ts'
import { runnerLog, terminalLog, type ActionLog } from './log.ts'
import { runnerOutput, terminalOutput } from './outputs.ts'
import type { PublishableSummary } from './summary.ts'

/** Where an action runs: in a job of GitHub Actions, or in a terminal. */
export interface Host {
  readonly inputs: InputSource
  /** Lets the runner mask a text in its own log; nothing to do in a terminal. */
  maskInLog(secret: string): void
  log(redact: (text: string) => string): ActionLog
  /** Whether outputs may be published more than once: to a file, where the last value counts. */
  readonly replacesOutputs: boolean
  output(redact: (text: string) => string): (name: string, value: string) => void
  /** Whether a summary goes to a page of its own. In a terminal it would repeat the last lines of the log. */
  readonly publishesSummary: boolean
  publish(summary: PublishableSummary): Promise<void>
}

/** @param args the command line without node and script; flags count as a terminal also inside a job's `run:` step */
export function hostOf(variables: Variables, args: readonly string[]): Host {
  const underRunner = variables.GITHUB_ACTIONS === 'true'
  const writesOutputFile = underRunner && Boolean(variables.GITHUB_OUTPUT)
  const summaryFile = variables.GITHUB_STEP_SUMMARY
  return {
    inputs:
      underRunner && args.length === 0
        ? { kind: 'runner', environment: variables }
        : { kind: 'terminal', environment: variables, args },
    maskInLog(secret) {
      if (underRunner) core.setSecret(secret)
    },
    log: (redact) =>
      underRunner
        ? runnerLog(redact, toStdout)
        : terminalLog(redact, toStderr, variables.RUNNER_DEBUG === '1'),
    replacesOutputs: writesOutputFile,
    output: (redact) => (writesOutputFile ? runnerOutput(redact) : terminalOutput(redact, toStdout)),
    publishesSummary: Boolean(summaryFile),
    async publish(summary) {
      if (summary.isEmpty()) return
      if (summaryFile) await summary.appendTo(summaryFile)
      else toStdout(`\n${summary.text()}\n\n`)
    },
  }
}

function toStdout(text: string): void {
  process.stdout.write(text)
}

function toStderr(text: string): void {
  process.stderr.write(text)
}
