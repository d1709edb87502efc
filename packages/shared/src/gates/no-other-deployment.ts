import { leaseName } from '../cluster/lease.ts'
import { decideLock } from '../decide/lock.ts'
import { contenderOf } from '../record/contender.ts'
import type { Gate } from './gate.ts'

/** Two deployments at once undo each other. The lock is taken by the rollout; here it is only looked at. */
export const noOtherDeployment: Gate<'cluster'> = {
  name: 'no-other-deployment',
  question: 'No other deployment is in progress',
  occasions: ['re-check'],
  query: ({ cluster, record }) => `kubectl get lease ${leaseName(record)} -n ${cluster.namespace} -o yaml`,
  async measure({ record, runbook, cluster, clock }, signal) {
    const state = await cluster.lock(record, signal)
    const decision = decideLock(state, contenderOf(record, record.run), {
      now: clock.now(),
      leaseMs: runbook.lock.lease,
    })
    return decision.do === 'refuse'
      ? { verdict: 'fail', answer: decision.reason, evidence: [decision.next] }
      : { verdict: 'pass', answer: `No other run holds the lock of ${record.environment}.` }
  },
}
