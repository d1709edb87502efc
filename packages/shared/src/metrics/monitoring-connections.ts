import type { Cluster } from '../cluster/cluster.ts'
import type { Environment } from '../cluster/proxy.ts'
import type { Clock, Logger } from '../ports.ts'
import type { Prometheus, Runbook } from '../runbook/schema.ts'
import { resolve } from '../runbook/template.ts'
import type { HttpEndpoint } from './http-endpoint.ts'
import { MonitoringApi, type MonitoringApiOptions } from './monitoring-api.ts'
import { PrometheusApi } from './prometheus-api.ts'
import { ServiceEndpoint } from './service-endpoint.ts'
import { UrlEndpoint } from './url-endpoint.ts'

export interface MonitoringContext {
  readonly cluster: Pick<Cluster, 'serviceGet'>
  readonly variables: Environment
  readonly clock: Clock
  readonly log: Pick<Logger, 'debug'>
  /** Told every secret before it is used. */
  readonly mask: (secret: string) => void
}

/** What is known of one server of the team's monitoring before it is connected. */
export interface MonitoringConnection<Api> {
  /** Where it is, as the runbook file says it: variables stay unresolved. */
  readonly place: string
  /**
   * Made by the first call, and the same from then on.
   *
   * @throws UserError where a variable is missing or the address is none
   */
  readonly connect: () => Api
}

/** The servers of the team's monitoring that the runbook file names. */
export interface MonitoringConnections {
  readonly prometheus: MonitoringConnection<PrometheusApi> | undefined
  readonly alertmanager: MonitoringConnection<MonitoringApi> | undefined
  readonly close: () => Promise<void>
}

/** How long an Alertmanager may take, and how long it is asked again: it has no section of its own. */
const alertmanagerTimes = { timeoutMs: 10_000, retryForMs: 30_000 }

/** Nothing is dialled before it is asked. */
export function monitoringConnections(runbook: Runbook, context: MonitoringContext): MonitoringConnections {
  const opened: MonitoringApi[] = []
  const open = (options: Omit<MonitoringApiOptions, 'clock' | 'log'>): MonitoringApi => {
    const api = new MonitoringApi({ ...options, clock: context.clock, log: context.log })
    opened.push(api)
    return api
  }
  const { prometheus, gates } = runbook
  const { alertmanager } = gates.incidents
  return {
    prometheus: prometheus && {
      place: prometheus.url?.text ?? servicePlace(prometheus),
      connect: once(() => {
        const endpoint = prometheusEndpoint(prometheus, context)
        const { timeout: timeoutMs, retryFor: retryForMs } = prometheus
        const isProxied = prometheus.service !== undefined
        const options = { product: 'Prometheus', key: 'prometheus', endpoint, isProxied } as const
        return new PrometheusApi(open({ ...options, timeoutMs, retryForMs }))
      }),
    },
    alertmanager: alertmanager && {
      place: alertmanager.text,
      connect: once(() => {
        const key = 'gates.incidents.alertmanager'
        const address = resolve(alertmanager, context.variables).reveal()
        const endpoint = new UrlEndpoint(address, { key, headers: {}, env: context.variables })
        return open({ product: 'Alertmanager', key, endpoint, isProxied: false, ...alertmanagerTimes })
      }),
    },
    close: async () => {
      await Promise.all(opened.map((api) => api.close()))
    },
  }
}

function prometheusEndpoint(prometheus: Prometheus, context: MonitoringContext): HttpEndpoint {
  const { variables, mask, cluster } = context
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(resolve(prometheus.headers, variables))) {
    const text = value.reveal()
    mask(text)
    headers[name.toLowerCase()] = text
  }
  if (prometheus.tenant !== undefined)
    headers['x-scope-orgid'] = resolve(prometheus.tenant, variables).reveal()
  const authorization = authorizationOf(prometheus, context)
  if (authorization !== undefined) headers.authorization = authorization
  const { service, url } = prometheus
  if (service !== undefined)
    return new ServiceEndpoint(cluster, { ...service, service: service.name }, headers)
  if (url === undefined) throw new TypeError('a Prometheus without an address passed the schema')
  const address = resolve(url, variables).reveal()
  return new UrlEndpoint(address, { key: 'prometheus.url', headers, env: variables })
}

function authorizationOf(
  { basic, bearerToken }: Prometheus,
  { variables, mask }: MonitoringContext,
): string | undefined {
  if (bearerToken !== undefined) {
    const token = resolve(bearerToken, variables).reveal()
    mask(token)
    return `Bearer ${token}`
  }
  if (basic === undefined) return undefined
  const { username, password } = resolve(basic, variables)
  mask(password.reveal())
  const pair = Buffer.from(`${username.reveal()}:${password.reveal()}`).toString('base64')
  mask(pair)
  return `Basic ${pair}`
}

function servicePlace({ service }: Prometheus): string {
  return service === undefined ? '' : `Service ${service.name} in namespace ${service.namespace}`
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
