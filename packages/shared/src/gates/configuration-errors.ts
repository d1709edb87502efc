import type { Gate } from './gate.ts'
import { podLogs, quotedErrors } from './pod-logs.ts'

/** A value that the code cannot use is said by the code, often without ending it. */
export const configurationErrors: Gate<'cluster'> = {
  name: 'configuration-errors',
  question: 'Monitor for config-related errors',
  occasions: ['post-deploy'],
  query: ({ cluster, runbook }) =>
    `kubectl logs -n ${cluster.namespace} -l app=… --tail=${runbook.config.logLines} | grep -i "config\\|error"`,
  async measure({ record, runbook, cluster }, signal) {
    if (record.configuration === undefined)
      return { verdict: 'skipped', answer: 'The configuration was not changed.' }
    const { logLines: tailLines, logPatterns: errors } = runbook.config
    const planned = new Set(record.plan.map(({ deployment }) => deployment))
    const states = await cluster.components([...planned], signal)
    const logs = await Promise.all(
      runbook.components
        .filter(({ deployment }) => planned.has(deployment))
        .flatMap((component) => {
          const { ignore } = component.logs
          return podLogs(cluster, component, states, { tailLines, errors, ignore }, signal)
        }),
    )
    if (logs.length === 0) return { verdict: 'inconclusive', answer: 'No pod runs: there is no log to read.' }
    const bad = logs.filter((log) => log.errors.length > 0)
    const value = `${bad.reduce((sum, log) => sum + log.errors.length, 0)} of ${logs.reduce((sum, log) => sum + log.lines, 0)} lines`
    return bad.length > 0
      ? {
          verdict: 'fail',
          answer: `Errors in the last ${tailLines} lines of ${bad.length} of ${logs.length} pods.`,
          value,
          limit: '0',
          evidence: quotedErrors(logs),
        }
      : {
          verdict: 'pass',
          answer: `No error in the last ${tailLines} lines of ${logs.length} pods.`,
          value,
          limit: '0',
        }
  },
}
