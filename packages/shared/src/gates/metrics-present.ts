import { isReady, nameOf } from '../cluster/component.ts'
import { messageOf } from '../errors.ts'
import type { Component } from '../runbook/schema.ts'
import type { Gate, GateContext } from './gate.ts'

/** A release that no longer reports is a release that nobody can watch. */
export const metricsPresent: Gate<'cluster'> = {
  name: 'metrics-present',
  question: 'Verify metrics endpoint responding',
  occasions: ['post-deploy'],
  query: () => 'curl -s http://localhost:8000/metrics | grep kafka_messages_consumed_total',
  async measure(context, signal) {
    const { runbook, cluster } = context
    const states = await cluster.components(
      runbook.components.map(({ deployment }) => deployment),
      signal,
    )
    const answers = await Promise.all(
      runbook.components.flatMap((component) => {
        const pods = states.get(component.deployment)?.pods.filter(isReady) ?? []
        return component.metrics === false
          ? []
          : pods.map((pod) => ask(context, component, nameOf(pod), signal))
      }),
    )
    if (runbook.components.every((component) => component.metrics === false)) {
      return { verdict: 'skipped', answer: 'The runbook file says that no component has metrics.' }
    }
    if (answers.length === 0)
      return { verdict: 'inconclusive', answer: 'No pod is Ready: nothing was asked.' }
    const bad = answers.filter((answer) => answer !== undefined)
    const value = `${answers.length - bad.length}/${answers.length} pods`
    if (bad.length > 0) {
      return {
        verdict: 'fail',
        answer: `${bad.length} of ${answers.length} pods do not serve their metrics.`,
        value,
        evidence: bad,
      }
    }
    return { verdict: 'pass', answer: `All ${answers.length} pods serve their metrics.`, value }
  },
}

/** Undefined where all is well. */
async function ask(
  { cluster }: GateContext<'cluster'>,
  { metrics }: Component,
  pod: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (metrics === false) return undefined
  const timed = AbortSignal.any([signal, AbortSignal.timeout(metrics.timeout)])
  try {
    const { status, body } = await cluster.podGet(pod, metrics.port, metrics.path, timed)
    if (status !== 200) return `${pod}: GET ${metrics.path}: ${status}`
    const names = seriesNames(body)
    const missing = metrics.expect.filter((name) => !names.has(name))
    return missing.length === 0 ? undefined : `${pod}: ${metrics.path} lacks ${missing.join(', ')}`
  } catch (error) {
    signal.throwIfAborted()
    return `${pod}: GET ${metrics.path}: ${messageOf(error)}`
  }
}

/** The names of the samples in a Prometheus text exposition. */
export function seriesNames(exposition: string): ReadonlySet<string> {
  const names = exposition.split('\n').flatMap((line) => /^([A-Za-z_:][\w:]*)/.exec(line)?.[1] ?? [])
  return new Set(names)
}
