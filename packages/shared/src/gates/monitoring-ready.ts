import type { Gate } from './gate.ts'
import { counted } from './released-commits.ts'

/** An alert that is not loaded tells nobody anything. */
export const monitoringReady: Gate<'alerts' | 'clock'> = {
  name: 'monitoring-ready',
  question: 'Monitoring ready: alerts and dashboards configured for new features',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.monitoring.mode,
  query: () => `curl -s "$PROMETHEUS_URL/api/v1/rules?type=alert"`,
  async measure({ runbook, alerts }, signal) {
    const { alerts: wanted } = runbook.gates.monitoring
    if (wanted.length === 0) {
      return {
        verdict: 'skipped',
        answer: 'The runbook file names no alert rules (gates.monitoring.alerts).',
      }
    }
    const loaded = await alerts.rules(signal)
    if (loaded === undefined) {
      return {
        verdict: 'inconclusive',
        answer: 'The runbook file names no Prometheus that could be asked for its rules.',
      }
    }
    const missing = wanted.filter((name) => !loaded.has(name))
    const value = `${wanted.length - missing.length} of ${wanted.length} loaded`
    return missing.length === 0
      ? {
          verdict: 'pass',
          answer: `${counted(wanted.length, 'alert rule')} ${wanted.length === 1 ? 'is' : 'are'} loaded in Prometheus.`,
          value,
        }
      : { verdict: 'fail', answer: `Not loaded in Prometheus: ${missing.join(', ')}.`, value }
  },
}
