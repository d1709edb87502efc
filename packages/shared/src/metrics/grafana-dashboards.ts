import * as z from 'zod'
import { ApiError } from '../cluster/api-error.ts'
import type { Environment } from '../cluster/proxy.ts'
import type { Clock, Logger } from '../ports.ts'
import type { Runbook } from '../runbook/schema.ts'
import { resolve } from '../runbook/template.ts'
import type { Dashboards, MissingDashboard } from './dashboards.ts'
import { MonitoringApi } from './monitoring-api.ts'
import { UrlEndpoint } from './url-endpoint.ts'

export interface GrafanaContext {
  readonly variables: Environment
  readonly clock: Clock
  readonly log: Pick<Logger, 'debug'>
  /** Told the token before it is used. */
  readonly mask: (secret: string) => void
}

const key = 'gates.monitoring.grafana'
/** It has no section for its times. */
const times = { timeoutMs: 10_000, retryForMs: 30_000 }

/** `GET /api/dashboards/uid/:uid` of Grafana, as far as it is read. */
const found = z.object({ dashboard: z.object({}) })

/** The dashboards of the runbook file, asked for in the Grafana that their addresses name. */
export class GrafanaDashboards implements Dashboards {
  readonly #runbook: Pick<Runbook, 'dashboards' | 'gates'>
  readonly #context: GrafanaContext
  /** By address, since dashboards may be in several. */
  readonly #apis = new Map<string, MonitoringApi>()

  constructor(runbook: Pick<Runbook, 'dashboards' | 'gates'>, context: GrafanaContext) {
    this.#runbook = runbook
    this.#context = context
  }

  async missing(signal: AbortSignal): Promise<readonly MissingDashboard[] | undefined> {
    const { dashboards, gates } = this.#runbook
    if (gates.monitoring.grafana === undefined) return undefined
    const asked = await Promise.all(
      Object.entries(dashboards).map(async ([name, template]) => {
        const why = await this.#whyMissing(resolve(template, this.#context.variables).reveal(), signal)
        return why === undefined ? [] : [{ name, why }]
      }),
    )
    return asked.flat()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#apis.values()].map((api) => api.close()))
  }

  async #whyMissing(address: string, signal: AbortSignal): Promise<string | undefined> {
    const place = grafanaPlace(address)
    if (place === undefined) return 'its address has no /d/UID, as those of Grafana have'
    const { base, uid } = place
    const api = this.#apis.get(base) ?? this.#connect(base)
    try {
      const path = `/api/dashboards/uid/${encodeURIComponent(uid)}`
      await api.json({ path, parameters: {} }, found, signal)
      return undefined
    } catch (error) {
      const { cause } = error as Error
      if (cause instanceof ApiError && cause.status === 404)
        return `Grafana at ${api.server.place} has none with the uid ${uid}`
      throw error
    }
  }

  #connect(base: string): MonitoringApi {
    const { variables, clock, log, mask } = this.#context
    const token = this.#runbook.gates.monitoring.grafana?.token
    const headers: Record<string, string> = {}
    if (token !== undefined) {
      const value = resolve(token, variables).reveal()
      mask(value)
      headers.authorization = `Bearer ${value}`
    }
    const endpoint = new UrlEndpoint(base, { key: 'dashboards', headers, env: variables })
    const api = new MonitoringApi({
      product: 'Grafana',
      key,
      endpoint,
      isProxied: false,
      ...times,
      clock,
      log,
    })
    this.#apis.set(base, api)
    return api
  }
}

/** `https://host/prefix/d/UID/any-name?query`: Grafana's own address, and the dashboard in it. */
function grafanaPlace(address: string): { readonly base: string; readonly uid: string } | undefined {
  const url = URL.parse(address)
  const [, prefix, uid] = /^(.*?)\/d\/([^/]+)/.exec(url?.pathname ?? '') ?? []
  if (url === null || prefix === undefined || uid === undefined) return undefined
  return { base: `${url.origin}${prefix}`, uid: decodeURIComponent(uid) }
}
