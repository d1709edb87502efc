import type { Cluster } from '../cluster/cluster.ts'
import type { ServiceGet } from '../cluster/service-proxy.ts'
import { maxBodyBytes, type HttpEndpoint, type HttpQuestion, type HttpReply } from './http-endpoint.ts'

export interface ServiceAddress extends Pick<ServiceGet, 'namespace' | 'service' | 'port' | 'scheme'> {
  /** Prefix of the API. */
  readonly path: string
}

/**
 * A Service of the cluster, reached through the API server. Always by GET: that needs `get` on `services/proxy`, and a
 * POST would need `create`.
 */
export class ServiceEndpoint implements HttpEndpoint {
  readonly place: string
  readonly #cluster: Pick<Cluster, 'serviceGet'>
  readonly #address: ServiceAddress
  readonly #headers: Readonly<Record<string, string>>

  constructor(
    cluster: Pick<Cluster, 'serviceGet'>,
    address: ServiceAddress,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#cluster = cluster
    this.#address = address
    this.#headers = headers
    this.place = `Service ${address.service}:${address.port} in namespace ${address.namespace}`
  }

  ask({ path, parameters, timeoutMs, signal }: HttpQuestion): Promise<HttpReply> {
    const { path: prefix, ...address } = this.#address
    const query = new URLSearchParams(parameters).toString()
    const request: ServiceGet = {
      ...address,
      path: `${prefix.replace(/\/$/, '')}${path}${query === '' ? '' : `?${query}`}`,
      headers: this.#headers,
      timeoutMs,
      maxBytes: maxBodyBytes,
    }
    return this.#cluster.serviceGet(request, signal)
  }

  /** The connections are the cluster's. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
