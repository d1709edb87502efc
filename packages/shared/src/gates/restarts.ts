import { isTerminating, nameOf, restartsOf, type Pod } from '../cluster/component.ts'
import { rolloutBegan } from './metric-span.ts'
import type { Gate } from './gate.ts'

const name = 'restarts'

/** Read from the cluster: a pod that crashes cannot count its crashes. */
export const restarts: Gate<'cluster'> = {
  name,
  question: 'Pod restart count should be 0 (no crash loops)',
  occasions: ['soak', 'critical', 'important'],
  mode: (runbook) => runbook.gates.restarts.mode,
  query: ({ cluster }) => `kubectl get pods -n ${cluster.namespace}`,
  async measure(context, signal) {
    const { runbook, cluster } = context
    const { max } = runbook.gates.restarts
    const began = rolloutBegan(context)
    const states = await cluster.components(
      runbook.components.map(({ deployment }) => deployment),
      signal,
    )
    const pods = [...states.values()].flatMap((state) => state.pods.filter((pod) => !isTerminating(pod)))
    if (pods.length === 0) return { verdict: 'inconclusive', answer: 'No pod runs: nothing is shown.' }
    const restarted = pods
      .map((pod) => ({ pod, count: restartsSince(pod, began) }))
      .filter(({ count }) => count > 0)
    const total = restarted.reduce((sum, { count }) => sum + count, 0)
    const trigger = runbook.rollback.triggers.find((each) => each.gate === name)
    const common = {
      value: String(total),
      limit: String(max),
      evidence: restarted
        .toSorted((a, b) => b.count - a.count)
        .map(({ pod, count }) => `${nameOf(pod)}: ${count} restarts${lastEnd(pod)}`),
    }
    const sentence = `${restarted.length} of ${pods.length} pods restarted since the rollout, ${total} times in all`
    return {
      verdict: total > max ? 'fail' : 'pass',
      answer: total === 0 ? `None of ${pods.length} pods has restarted since the rollout.` : `${sentence}.`,
      ...common,
      ...(trigger !== undefined &&
        total > trigger.above && { trigger: `${sentence}, more than ${trigger.above}.` }),
    }
  },
}

/** Of a pod that the rollout made, all; of an older one only those that are known to be younger: the last of each container. */
function restartsSince(pod: Pod, began: Date): number {
  const created = Date.parse(pod.metadata?.creationTimestamp ?? '')
  if (created >= began.getTime()) return restartsOf(pod)
  return (pod.status?.containerStatuses ?? []).filter((status) => {
    const ended = Date.parse(status.lastState?.terminated?.finishedAt ?? '')
    return status.restartCount > 0 && ended >= began.getTime()
  }).length
}

function lastEnd(pod: Pod): string {
  const ended = (pod.status?.containerStatuses ?? []).flatMap(({ lastState }) => lastState?.terminated ?? [])
  const [last] = ended.toSorted((a, b) => (b.finishedAt ?? '').localeCompare(a.finishedAt ?? ''))
  return last === undefined
    ? ''
    : `, the last with exit code ${last.exitCode} (${last.reason ?? 'no reason'})`
}
