import type { Cluster } from '../cluster/cluster.ts'
import { containerOf } from '../cluster/component.ts'
import { dataDigest } from '../cluster/configuration/content-digest.ts'
import { restartedAtOf } from '../cluster/restarted.ts'
import type { Configuration } from '../record/configuration.ts'
import type { Gate } from './gate.ts'

/** What was approved was a change from what the plan saw. Where somebody has changed it since, it is another change. */
export const unchangedSincePlan: Gate<'cluster'> = {
  name: 'unchanged-since-plan',
  question: 'Production is still what was approved to be changed',
  occasions: ['re-check'],
  query: ({ cluster }) => `kubectl get deployments -n ${cluster.namespace} -o wide`,
  async measure({ record, cluster }, signal) {
    const states = await cluster.components(
      record.plan.map(({ deployment }) => deployment),
      signal,
    )
    const images = record.plan.map(({ deployment, container, from, to, restartedAt }) => {
      const state = states.get(deployment)
      const isRestarted =
        state !== undefined && restartedAt !== undefined && restartedAtOf(state.deployment) === restartedAt
      return {
        deployment,
        from,
        to,
        isRestarted,
        now: state && containerOf(state.deployment, container)?.image,
      }
    })
    const otherData =
      record.configuration && (await otherConfiguration(record.configuration, cluster, signal))
    if (otherData !== undefined) return { verdict: 'fail', answer: otherData }
    const changed = images.filter(({ from, to, now }) => now !== from && now !== to)
    if (changed.length > 0)
      return {
        verdict: 'fail',
        answer: 'Somebody changed production since the plan: start a new run.',
        evidence: changed.map(
          ({ deployment, from, now }) => `${deployment}: ${now ?? 'gone'}, planned from ${from}`,
        ),
      }
    // A run that is repeated finds its own work.
    const own = images.filter(({ from, to, now, isRestarted }) => now === to && (to !== from || isRestarted))
    const names = own.map(({ deployment }) => deployment).join(', ')
    return own.length === 0
      ? { verdict: 'pass', answer: `The ${images.length} components are as the plan saw them.` }
      : { verdict: 'warn', answer: `An attempt before this one has rolled ${names}.` }
  },
}

/** Why the ConfigMap is not what was approved to be changed; undefined where it is, or says what it shall say already. */
async function otherConfiguration(
  { configMap, before, after }: Configuration,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const live = await cluster.configMap(configMap, signal)
  if (live === undefined) return `The ConfigMap ${configMap} is gone: start a new run.`
  const digest = dataDigest(live.data)
  if (digest === before || digest === after) return undefined
  return `Somebody changed the ConfigMap ${configMap} since the plan: start a new run.`
}
