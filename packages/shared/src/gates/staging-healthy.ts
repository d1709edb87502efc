import { humanDuration } from '../runbook/durations.ts'
import type { Gate } from './gate.ts'

/**
 * The release ran in staging and was validated there, in this run and not too long ago. Staging is judged in its own
 * job, with the same gates that judge production; here its result is held against what is about to be deployed.
 */
export const stagingHealthy: Gate<'clock'> = {
  name: 'staging-healthy',
  question: 'Verify staging deployment successful',
  occasions: ['preflight'],
  query: ({ runbook }) => `kubectl get pods -n ${runbook.environments.staging?.namespace ?? ''}`,
  measure({ record, runbook, clock }) {
    const { staging } = record
    if (record.configuration !== undefined) {
      return {
        verdict: 'skipped',
        answer: 'No version changes, and each environment has a configuration of its own.',
      }
    }
    if (staging === undefined) {
      return { verdict: 'fail', answer: `${record.version} has not been deployed to staging in this run.` }
    }
    if (staging.outcome !== 'passed') {
      return {
        verdict: 'fail',
        answer: `${record.version} did not pass in staging: ${staging.outcome}. ${staging.reason}`,
      }
    }
    const missing = record.plan.filter(
      ({ deployment }) => !staging.components.some((component) => component.deployment === deployment),
    )
    if (missing.length > 0) {
      const names = missing.map(({ deployment }) => deployment).join(', ')
      return { verdict: 'fail', answer: `Staging did not run ${names}.` }
    }
    const ageMs = clock.now().getTime() - Date.parse(staging.endedAt)
    const limit = `< ${humanDuration(runbook.evidence.timeToLive)} old`
    const value = `${humanDuration(Math.max(0, ageMs))} old`
    const evidence = staging.components.map(
      ({ deployment, image, digest, pods }) => `${deployment}: ${pods} pods on ${image}, ${digest}`,
    )
    if (ageMs > runbook.evidence.timeToLive) {
      return {
        verdict: 'fail',
        answer: 'What staging showed is too old: run staging again.',
        value,
        limit,
        evidence,
      }
    }
    return {
      verdict: 'pass',
      answer: `${record.version} ran in staging, was validated and has soaked.`,
      value,
      limit,
      evidence,
    }
  },
}
