import type { Cluster } from '../cluster/cluster.ts'
import { isTerminating, nameOf, splitPods, type ComponentState } from '../cluster/component.ts'
import type { Component } from '../runbook/schema.ts'

/** Lines quoted of one pod; the rest is counted. */
const quotedLines = 5

/** The end of one pod's log, with what was looked for in it. */
export interface PodLog {
  readonly pod: string
  readonly lines: number
  readonly errors: readonly string[]
}

/** What of a log is an error. */
export interface ErrorPatterns {
  readonly errors: readonly string[]
  readonly ignore: readonly string[]
}

/** The last lines of each pod of the current template, searched for errors. */
export function podLogs(
  cluster: Cluster,
  { deployment, container }: Pick<Component, 'deployment' | 'container'>,
  states: ReadonlyMap<string, ComponentState>,
  { tailLines, ...patterns }: ErrorPatterns & { readonly tailLines: number },
  signal: AbortSignal,
): Promise<PodLog>[] {
  const state = states.get(deployment)
  const pods = state === undefined ? [] : splitPods(state).current.filter((pod) => !isTerminating(pod))
  return pods.map(async (pod) => {
    const text = await cluster.podLog(nameOf(pod), { container, tailLines }, signal)
    const lines = text.split('\n').filter((line) => line !== '')
    return { pod: nameOf(pod), lines: lines.length, errors: errorLines(lines, patterns) }
  })
}

/** Lines that match a pattern of `errors` and none of `ignore`, whatever their case. */
export function errorLines(lines: readonly string[], patterns: ErrorPatterns): string[] {
  const [errors, ignore] = [patterns.errors, patterns.ignore].map((list) =>
    list.map((source) => new RegExp(source, 'iu')),
  )
  return lines.filter(
    (line) =>
      errors?.some((pattern) => pattern.test(line)) === true &&
      ignore?.some((pattern) => pattern.test(line)) !== true,
  )
}

/** The first errors of each pod, each with the pod's name. */
export function quotedErrors(logs: readonly PodLog[]): string[] {
  return logs.flatMap(({ pod, errors }) => {
    const rest = errors.length - quotedLines
    return [
      ...errors.slice(0, quotedLines).map((line) => `${pod}: ${line}`),
      ...(rest > 0 ? [`${pod}: and ${rest} more`] : []),
    ]
  })
}
