import { worst } from '../decide/verdict.ts'
import type { Answer, Gate, GateContext } from './gate.ts'
import { counted } from './released-commits.ts'

type Part = Pick<Answer, 'answer' | 'value'> & { readonly verdict: 'pass' | 'fail' | 'inconclusive' }

/** An alert that is not loaded tells nobody anything, and a link to no dashboard shows nothing. */
export const monitoringReady: Gate<'alerts' | 'dashboards' | 'clock'> = {
  name: 'monitoring-ready',
  question: 'Monitoring ready: alerts and dashboards configured for new features',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.monitoring.mode,
  query: () => `curl -s "$PROMETHEUS_URL/api/v1/rules?type=alert"`,
  async measure(context, signal) {
    const parts = (await Promise.all([alertRules(context, signal), boards(context, signal)])).flat()
    if (parts.length === 0) {
      return {
        verdict: 'skipped',
        answer:
          'The runbook file names no alert rules (gates.monitoring.alerts), and no Grafana to ask for its dashboards (gates.monitoring.grafana).',
      }
    }
    const values = parts.flatMap(({ value }) => value ?? [])
    return {
      verdict: worst(parts.map(({ verdict }) => verdict)),
      answer: parts.map(({ answer }) => answer).join(' '),
      ...(values.length > 0 && { value: values.join(', ') }),
    }
  },
}

async function alertRules({ runbook, alerts }: GateContext<'alerts'>, signal: AbortSignal): Promise<Part[]> {
  const { alerts: wanted } = runbook.gates.monitoring
  if (wanted.length === 0) return []
  const loaded = await alerts.rules(signal)
  if (loaded === undefined) {
    return [
      {
        verdict: 'inconclusive',
        answer: 'The runbook file names no Prometheus that could be asked for its rules.',
      },
    ]
  }
  const missing = wanted.filter((name) => !loaded.has(name))
  const value = `${wanted.length - missing.length} of ${counted(wanted.length, 'alert rule')}`
  if (missing.length > 0)
    return [{ verdict: 'fail', answer: `Not loaded in Prometheus: ${missing.join(', ')}.`, value }]
  const verb = wanted.length === 1 ? 'is' : 'are'
  return [
    {
      verdict: 'pass',
      answer: `${counted(wanted.length, 'alert rule')} ${verb} loaded in Prometheus.`,
      value,
    },
  ]
}

async function boards(
  { runbook, dashboards }: GateContext<'dashboards'>,
  signal: AbortSignal,
): Promise<Part[]> {
  const missing = await dashboards.missing(signal)
  const all = Object.keys(runbook.dashboards).length
  if (missing === undefined) return []
  const value = `${all - missing.length} of ${counted(all, 'dashboard')}`
  if (missing.length > 0) {
    const said = missing.map(({ name, why }) => `${name} (${why})`).join(', ')
    return [{ verdict: 'fail', answer: `No such dashboard: ${said}.`, value }]
  }
  if (all === 0)
    return [
      {
        verdict: 'inconclusive',
        answer: 'The runbook file names no `dashboards` that Grafana could be asked for.',
      },
    ]
  return [
    { verdict: 'pass', answer: `${counted(all, 'dashboard')} ${all === 1 ? 'is' : 'are'} there.`, value },
  ]
}
