import * as core from '@actions/core'
import type { Outcome } from '../decide/outcome.ts'
import { sanitiseLine } from '../report/sanitise.ts'

/** Objects and lists are published as JSON. */
export type OutputValue = string | number | boolean | object
export type OutputValues = Readonly<Record<string, OutputValue>>

export interface Outputs<O extends OutputValues> {
  /** Publishes the safe values, `failed` and not `ended`: what is read where the process dies. */
  begin(): void
  /** Remembers values; they are published when the action ends, however it ends. */
  set(values: Partial<O>): void
  /** Publishes all values with the outcome, and that the action has `ended`. */
  publish(outcome: Outcome): void
}

/**
 * The outputs of an action, which always exist.
 *
 * @param defaults safe values by output name, without `outcome` and `ended`
 * @param publishOne hands one output to whoever reads it
 */
export function createOutputs<O extends OutputValues>(
  defaults: O,
  publishOne: (name: string, value: string) => void,
): Outputs<O> {
  let values: Readonly<Record<string, OutputValue | undefined>> = defaults
  const publishAll = (ended: boolean, outcome: Outcome): void => {
    for (const [name, value] of Object.entries({ ...values, ended, outcome })) publishOne(name, textOf(value))
  }
  return {
    begin() {
      publishAll(false, 'failed')
    },
    set(given) {
      values = { ...values, ...given }
    },
    publish(outcome) {
      publishAll(true, outcome)
    },
  }
}

/**
 * To the file behind `GITHUB_OUTPUT`. The last value of a name counts, so defaults can be published first.
 *
 * @param redact takes out secrets and nothing else: the next job reads what is written here
 */
export function runnerOutput(redact: (text: string) => string): (name: string, value: string) => void {
  return (name, value) => {
    core.setOutput(name, redact(value))
  }
}

/** As a line `name: value`, whole: a record that is cut is no record. */
export function terminalOutput(
  redact: (text: string) => string,
  write: (text: string) => void,
): (name: string, value: string) => void {
  return (name, value) => {
    write(`${name}: ${sanitiseLine(redact(value), { maxLineBytes: Number.POSITIVE_INFINITY })}\n`)
  }
}

function textOf(value: OutputValue | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
