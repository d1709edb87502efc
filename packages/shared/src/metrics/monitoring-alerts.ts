import * as z from 'zod'
import type { Alerts, FiringAlert } from './alerts.ts'
import type { MonitoringConnections } from './monitoring-connections.ts'

const labels = z.record(z.string(), z.string())

/** `GET /api/v2/alerts` of Alertmanager. */
const alertmanagerAnswer = z.array(
  z.object({
    labels,
    annotations: labels.default({}),
    startsAt: z.string(),
    status: z.object({
      state: z.string(),
      silencedBy: z.array(z.string()).nullish(),
      inhibitedBy: z.array(z.string()).nullish(),
      mutedBy: z.array(z.string()).nullish(),
    }),
  }),
)

/** The alerts of the servers that the runbook file names. */
export class MonitoringAlerts implements Alerts {
  readonly #servers: Pick<MonitoringConnections, 'alertmanager' | 'prometheus'>

  constructor(servers: Pick<MonitoringConnections, 'alertmanager' | 'prometheus'>) {
    this.#servers = servers
  }

  get source(): string | undefined {
    const { alertmanager, prometheus } = this.#servers
    if (alertmanager !== undefined) return `Alertmanager at ${alertmanager.place}`
    return prometheus && `Prometheus at ${prometheus.place}`
  }

  async firing(signal: AbortSignal): Promise<readonly FiringAlert[]> {
    const { alertmanager, prometheus } = this.#servers
    if (alertmanager !== undefined) {
      const question = { path: '/api/v2/alerts', parameters: {} }
      const alerts = await alertmanager.connect().json(question, alertmanagerAnswer, signal)
      return alerts.map((alert) => alertOf(alert, alert.startsAt, mutedBy(alert.status)))
    }
    const alerts = (await prometheus?.connect().alerts(signal)) ?? []
    return alerts
      .filter(({ state }) => state === 'firing')
      .map((alert) => alertOf(alert, alert.activeAt, undefined))
  }

  async rules(signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    return this.#servers.prometheus?.connect().alertingRules(signal)
  }
}

type Status = z.infer<typeof alertmanagerAnswer>[number]['status']

function mutedBy({ state, silencedBy, inhibitedBy, mutedBy: times }: Status): FiringAlert['muted'] {
  if ((silencedBy?.length ?? 0) > 0) return 'silenced'
  if ((inhibitedBy?.length ?? 0) > 0 || (times?.length ?? 0) > 0 || state === 'suppressed') return 'inhibited'
  return undefined
}

function alertOf(
  alert: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> },
  since: string | undefined,
  muted: FiringAlert['muted'],
): FiringAlert {
  const { labels: all, annotations } = alert
  const time = Date.parse(since ?? '')
  const said = annotations.summary ?? annotations.description ?? annotations.message ?? ''
  return {
    name: all.alertname ?? '',
    labels: all,
    since: Number.isNaN(time) ? undefined : new Date(time),
    summary: said.trim().split('\n', 1)[0] ?? '',
    muted,
  }
}
