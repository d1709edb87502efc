import type { Gate } from './gate.ts'
import { podLogs, quotedErrors } from './pod-logs.ts'

/** The first thing a person looks at, and the last thing a person has patience for on twelve pods. */
export const startupLogs: Gate<'cluster'> = {
  name: 'startup-logs',
  question: 'Review startup logs for errors',
  occasions: ['post-deploy'],
  mode: (runbook) => runbook.gates.startupLogs.mode,
  query: ({ cluster }) => `kubectl logs -n ${cluster.namespace} -l app=… --tail=50 | grep -i error`,
  async measure({ runbook, cluster }, signal) {
    const states = await cluster.components(
      runbook.components.map(({ deployment }) => deployment),
      signal,
    )
    const logs = await Promise.all(
      runbook.components.flatMap((component) => {
        const { lines: tailLines, ...patterns } = component.logs
        return podLogs(cluster, component, states, { tailLines, ...patterns }, signal)
      }),
    )
    if (logs.length === 0) return { verdict: 'inconclusive', answer: 'No pod runs: there is no log to read.' }
    const lines = logs.reduce((sum, log) => sum + log.lines, 0)
    const found = logs.flatMap((log) => log.errors)
    const value = `${found.length} of ${lines} lines`
    if (found.length > 0) {
      const pods = logs.filter((log) => log.errors.length > 0).length
      const evidence = quotedErrors(logs)
      return {
        verdict: 'fail',
        answer: `Error lines in the startup logs of ${pods} of ${logs.length} pods.`,
        value,
        limit: '0',
        evidence,
      }
    }
    if (lines === 0)
      return { verdict: 'warn', answer: `The logs of all ${logs.length} pods are empty.`, value, limit: '0' }
    return {
      verdict: 'pass',
      answer: `No error in the startup logs of ${logs.length} pods.`,
      value,
      limit: '0',
    }
  },
}
