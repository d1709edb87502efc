import { containerOf } from '../cluster/component.ts'
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
    const changed = record.plan.flatMap(({ deployment, container, from, to }) => {
      const state = states.get(deployment)
      const now = state && containerOf(state.deployment, container)?.image
      // A run that is repeated finds its own work.
      return now === from || now === to ? [] : [`${deployment}: ${now ?? 'gone'}, planned from ${from}`]
    })
    return changed.length === 0
      ? { verdict: 'pass', answer: `The ${record.plan.length} components are as the plan saw them.` }
      : {
          verdict: 'fail',
          answer: 'Somebody changed production since the plan: start a new run.',
          evidence: changed,
        }
  },
}
