import { isTerminating, nameOf, splitPods } from '../cluster/component.ts'
import type { Component } from '../runbook/schema.ts'
import type { Gate, GateContext } from './gate.ts'

/** Lines quoted of one pod; the rest is counted. */
const quotedLines = 5

/** The first thing a person looks at, and the last thing a person has patience for on twelve pods. */
export const startupLogs: Gate<'cluster'> = {
  name: 'startup-logs',
  question: 'Review startup logs for errors',
  occasions: ['post-deploy'],
  mode: (runbook) => runbook.gates.startupLogs.mode,
  query: ({ cluster }) => `kubectl logs -n ${cluster.namespace} -l app=… --tail=50 | grep -i error`,
  async measure(context, signal) {
    const { runbook, cluster } = context
    const states = await cluster.components(
      runbook.components.map(({ deployment }) => deployment),
      signal,
    )
    const logs = await Promise.all(
      runbook.components.flatMap((component) => {
        const state = states.get(component.deployment)
        const pods = state === undefined ? [] : splitPods(state).current.filter((pod) => !isTerminating(pod))
        return pods.map((pod) => readLog(context, component, nameOf(pod), signal))
      }),
    )
    if (logs.length === 0) return { verdict: 'inconclusive', answer: 'No pod runs: there is no log to read.' }
    const lines = logs.reduce((sum, log) => sum + log.lines, 0)
    const found = logs.flatMap((log) => log.errors)
    const value = `${found.length} of ${lines} lines`
    if (found.length > 0) {
      const pods = logs.filter((log) => log.errors.length > 0).length
      const evidence = logs.flatMap((log) => quote(log))
      return {
        verdict: 'fail',
        answer: `Error lines in the startup logs of ${pods} of ${logs.length} pods.`,
        value,
        limit: '0',
        evidence,
      }
    }
    if (lines === 0)
      return { verdict: 'warn', answer: `The logs of all ${logs.length} pods are empty.`, value, limit: '0' }
    return {
      verdict: 'pass',
      answer: `No error in the startup logs of ${logs.length} pods.`,
      value,
      limit: '0',
    }
  },
}

interface PodLog {
  readonly pod: string
  readonly lines: number
  readonly errors: readonly string[]
}

async function readLog(
  { cluster }: GateContext<'cluster'>,
  component: Component,
  pod: string,
  signal: AbortSignal,
): Promise<PodLog> {
  const options = { container: component.container, tailLines: component.logs.lines }
  const lines = (await cluster.podLog(pod, options, signal)).split('\n').filter((line) => line !== '')
  return { pod, lines: lines.length, errors: errorLines(lines, component.logs) }
}

/** Lines that match a pattern of `errors` and none of `ignore`, whatever their case. */
export function errorLines(
  lines: readonly string[],
  patterns: { readonly errors: readonly string[]; readonly ignore: readonly string[] },
): string[] {
  const [errors, ignore] = [patterns.errors, patterns.ignore].map((list) =>
    list.map((source) => new RegExp(source, 'iu')),
  )
  return lines.filter(
    (line) =>
      errors?.some((pattern) => pattern.test(line)) === true &&
      ignore?.some((pattern) => pattern.test(line)) !== true,
  )
}

function quote({ pod, errors }: PodLog): string[] {
  const rest = errors.length - quotedLines
  return [
    ...errors.slice(0, quotedLines).map((line) => `${pod}: ${line}`),
    ...(rest > 0 ? [`${pod}: and ${rest} more`] : []),
  ]
}
