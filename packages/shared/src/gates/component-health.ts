import {
  describePod,
  isReady,
  isTerminating,
  nameOf,
  replicasOf,
  splitPods,
  type ComponentState,
  type Pod,
} from '../cluster/component.ts'
import { messageOf } from '../errors.ts'
import { worst, type Verdict } from '../decide/verdict.ts'
import type { Component } from '../runbook/schema.ts'
import type { Answer, GateContext } from './gate.ts'

/** How recent a restart is to say that restarts are rising; a container that has run longer has recovered. */
const recentRestartMs = 10 * 60_000

/** What one component's health looks like. */
export interface HealthFinding {
  readonly verdict: Verdict
  readonly sentence: string
  readonly evidence: readonly string[]
}

/**
 * Asks the health of every component at once: as many pods Ready as wanted, none restarted of late, none left over
 * from an older template, and each answers 200 on its health endpoint.
 */
export async function componentsHealth(
  context: GateContext<'cluster'>,
  signal: AbortSignal,
): Promise<Answer> {
  const { runbook, cluster, clock } = context
  const states = await cluster.components(
    runbook.components.map((component) => component.deployment),
    signal,
  )
  const findings = await Promise.all(
    runbook.components.flatMap((component) => {
      const state = states.get(component.deployment)
      return state === undefined ? [] : [componentHealth(context, component, state, clock.now(), signal)]
    }),
  )
  const asleep = findings.filter(({ verdict }) => verdict === 'skipped')
  const awake = findings.length - asleep.length
  // Where all of them sleep nothing is shown, and nothing can be: they are woken after.
  const verdict = awake === 0 ? 'warn' : worst(findings.map((finding) => finding.verdict))
  const pods = [...states.values()].flatMap((state) => state.pods.filter((pod) => !isTerminating(pod)))
  const bad = findings.filter((finding) => finding.verdict !== 'pass')
  return {
    verdict,
    value: `${pods.filter(isReady).length}/${pods.length} pods Ready`,
    answer: [
      ...(bad.length === asleep.length && awake > 0
        ? [`${pods.length} pods of ${awake} components are Ready and healthy, none restarted of late.`]
        : []),
      ...bad.map((finding) => finding.sentence),
    ].join(' '),
    evidence: findings.flatMap((finding) => finding.evidence),
  }
}

async function componentHealth(
  { cluster, occasion }: GateContext<'cluster'>,
  component: Component,
  state: ComponentState,
  now: Date,
  signal: AbortSignal,
): Promise<HealthFinding> {
  const pods = podsHealth(state, now)
  const { health, wake } = component
  if (wake > 0 && replicasOf(state.deployment) === 0) {
    const sentence =
      occasion === 'post-deploy'
        ? `${nameOf(state.deployment)} is scaled to zero, and nothing holds it awake: for a validation, re-run all jobs; the rollout wakes it.`
        : `${nameOf(state.deployment)} is scaled to zero, and woken for its validation.`
    return { ...pods, verdict: occasion === 'post-deploy' ? 'inconclusive' : 'skipped', sentence }
  }
  if (pods.verdict === 'fail' || pods.verdict === 'inconclusive' || health === false) return pods
  const answers = await Promise.all(
    state.pods.filter(isReady).map(async (pod) => {
      const timed = AbortSignal.any([signal, AbortSignal.timeout(health.timeout)])
      try {
        const { status, body } = await cluster.podGet(nameOf(pod), health.port, health.path, timed)
        return status === 200 ? undefined : `${nameOf(pod)}: GET ${health.path}: ${status} ${firstLine(body)}`
      } catch (error) {
        signal.throwIfAborted()
        return `${nameOf(pod)}: GET ${health.path}: ${messageOf(error)}`
      }
    }),
  )
  const unwell = answers.filter((answer) => answer !== undefined)
  if (unwell.length === 0) return pods
  return {
    verdict: 'fail',
    sentence: `${component.deployment}: ${unwell.length} of ${answers.length} pods do not answer 200 on ${health.path}.`,
    evidence: [...unwell, ...pods.evidence],
  }
}

/** What Kubernetes says of a component's pods. */
export function podsHealth(state: ComponentState, now: Date): HealthFinding {
  const name = nameOf(state.deployment)
  const wanted = replicasOf(state.deployment)
  const present = state.pods.filter((pod) => !isTerminating(pod))
  const ready = present.filter(isReady)
  const restarted = present.filter((pod) => restartedOfLate(pod, now))
  const old = splitPods(state).old.filter((pod) => !isTerminating(pod))
  const evidence = state.pods.map(describePod)
  const finding = (verdict: Verdict, sentence: string): HealthFinding => ({ verdict, sentence, evidence })

  if (wanted === 0) return finding('inconclusive', `${name} is scaled to zero: nothing is shown.`)
  if (ready.length < wanted) return finding('fail', `${name}: ${ready.length} of ${wanted} pods are Ready.`)
  if (restarted.length > 0)
    return finding('fail', `${name}: ${restarted.length} pods restarted in the last 10 minutes.`)
  if (old.length > 0)
    return finding('fail', `${name}: ${old.length} pods of an older template are still there.`)
  return finding('pass', `${name}: ${ready.length}/${wanted} pods Ready.`)
}

function restartedOfLate(pod: Pod, now: Date): boolean {
  return (pod.status?.containerStatuses ?? []).some((status) => {
    const ended = status.lastState?.terminated?.finishedAt
    return (
      status.restartCount > 0 && ended !== undefined && now.getTime() - Date.parse(ended) < recentRestartMs
    )
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? ''
}
