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
    const images = record.plan.map(({ deployment, container, from, to }) => {
      const state = states.get(deployment)
      return { deployment, from, to, now: state && containerOf(state.deployment, container)?.image }
    })
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
    const own = images.filter(({ from, to, now }) => now === to && to !== from)
    const names = own.map(({ deployment }) => deployment).join(', ')
    return own.length === 0
      ? { verdict: 'pass', answer: `The ${images.length} components are as the plan saw them.` }
      : { verdict: 'warn', answer: `An attempt before this one has rolled ${names}.` }
  },
}
