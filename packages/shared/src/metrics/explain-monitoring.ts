import { ApiError, type Failure } from '../cluster/api-error.ts'
import type { Attempts } from '../cluster/api-request.ts'
import { explain } from '../cluster/explain.ts'
import { TransportError } from '../cluster/transport-error.ts'
import { UserError } from '../errors.ts'

/** A server of the team's monitoring, as messages name it. */
export interface MonitoringServer {
  readonly product: 'Prometheus' | 'Alertmanager' | 'Grafana'
  readonly place: string
  /** The key of the runbook file that says where it is. */
  readonly key: string
  /** Reached through the API server: a lost connection is then the API server's. */
  readonly isProxied: boolean
}

/**
 * The server does not accept what it was asked: a query or a name in the runbook file is wrong, and asking again
 * cannot help.
 */
export class QueryRejected extends Error {
  override readonly name = 'QueryRejected'
}

/** What a user should read about a failure of the team's monitoring, after so many attempts. */
export function explainMonitoring(failure: Failure, server: MonitoringServer, attempts: Attempts): Error {
  const tried = describe(attempts)
  if (failure instanceof TransportError)
    return server.isProxied ? explain(failure) : lost(failure, server, tried)
  if (typeof failure.fields.body === 'object') return explainProxied(failure, server, tried)
  return refused(failure, server, tried)
}

function refused(failure: ApiError, server: MonitoringServer, tried: string): Error {
  const { product, key } = server
  const who = whoIs(server)
  const said = reasonOf(failure)
  const error = (message: string, next: string): UserError =>
    new UserError(`${message}${tried}.`, next, { cause: failure })
  switch (failure.status) {
    case 400:
    case 422:
      return new QueryRejected(said === '' ? `HTTP ${failure.status}` : said, { cause: failure })
    case 401:
      return error(`${who} refuses the credentials (401)`, login[product](key).refused)
    case 403:
      return error(`${who} does not let this user ask (403)${quoted(said)}`, login[product](key).forbidden)
    case 404:
      return error(
        `${who} does not serve ${pathOf(failure)} (404)`,
        `Check the path in \`${key}\`: behind a prefix, the prefix belongs to it.`,
      )
    case 429:
      return error(
        `${who} asks to slow down (429)${quoted(said)}`,
        'Raise the limit for this user, or run again in a few minutes.',
      )
    default:
      if (failure.status >= 300 && failure.status < 400) {
        return error(
          `${who} answers with a redirect (${failure.status}): a login page may stand before it`,
          `Give \`${key}\` the address behind the login, and credentials for it.`,
        )
      }
      return error(
        `${who} is not available (${failure.status})${quoted(said)}`,
        `Look at its health (\`${product === 'Grafana' ? '/api/health' : '/-/ready'}\`), then run again.`,
      )
  }
}

/** What to look at where a server does not accept who asks, or lets them not ask this. */
const login: Readonly<
  Record<
    MonitoringServer['product'],
    (key: string) => { readonly refused: string; readonly forbidden: string }
  >
> = {
  Prometheus: (key) => ({
    refused: `Check \`${key}.bearer-token\` or \`${key}.basic\`, and the secrets that they name.`,
    forbidden: `Give the user of \`${key}\` the right to query, and check \`${key}.tenant\`.`,
  }),
  Alertmanager: () => ({
    refused: 'Nothing can be given to log in with: let this runner in without.',
    forbidden: 'Let this runner read alerts.',
  }),
  Grafana: (key) => ({
    refused: `Give \`${key}.token\` the token of a service account, or check the secret that it names.`,
    forbidden: `Give the service account of \`${key}.token\` the role Viewer, or the right to read this dashboard.`,
  }),
}

/** The API server spoke for itself: the Service is not there, nothing is behind it, or we may not ask it. */
function explainProxied(failure: ApiError, server: MonitoringServer, tried: string): Error {
  const said = failure.serverMessage
  const isUnreachable = /no endpoints available|error trying to reach service|error dialing backend/.test(
    said,
  )
  if (!isUnreachable) return explain(failure)
  return new UserError(
    `${whoIs(server)} gives no answer: ${said}${tried}.`,
    'Check that its pods are Ready and that name, port and scheme of the Service are right.',
    { cause: failure },
  )
}

function lost(failure: TransportError, server: MonitoringServer, tried: string): UserError {
  const { code, fields } = failure
  const error = (message: string, next: string): UserError =>
    new UserError(`${whoIs(server)} ${message}${tried}.`, next, { cause: failure })
  if (failure.isCertificateProblem) {
    return error(
      `shows a certificate that cannot be trusted (${code}): ${fields.problem}`,
      'Set NODE_EXTRA_CA_CERTS to a file with the certificate authority that signed it.',
    )
  }
  const known = reasons[code]
  if (known !== undefined) return error(known.message, known.next ?? wayThere(server))
  return error(`cannot be reached: ${fields.problem}`, wayThere(server))
}

const reasons: Readonly<Record<string, { readonly message: string; readonly next?: string }>> = {
  ECONNREFUSED: { message: 'refuses connections: nothing listens there' },
  ENOTFOUND: { message: 'has a host name that does not exist here' },
  EAI_AGAIN: { message: 'has a host name that cannot be resolved: the name server does not answer' },
  ECONNRESET: { message: 'cut the connection' },
  UND_ERR_SOCKET: { message: 'cut the connection' },
  UND_ERR_CONNECT_TIMEOUT: { message: 'does not answer from here' },
  ETIMEDOUT: { message: 'does not answer from here' },
  EHOSTUNREACH: { message: 'is not reachable from here' },
  ENETUNREACH: { message: 'is in a network that is not reachable from here' },
  TIMEOUT: {
    message: 'did not answer in time',
    next: 'Look at its load, and at the cost of the query; `timeout` in the runbook file says how long it may take.',
  },
  INVALID_ANSWER: {
    message: 'gave an answer that is not its own, or not complete',
    next: 'Look at what stands between (a proxy, a login page), and at the path of the address.',
  },
  PROXY_REFUSED: {
    message: 'is behind a proxy that refuses the way to it',
    next: 'Check HTTPS_PROXY and its credentials, or put the host into NO_PROXY.',
  },
  PROXY_FAILED: {
    message: 'cannot be reached by the proxy',
    next: 'Check HTTPS_PROXY, or put the host into NO_PROXY.',
  },
}

function wayThere({ key }: MonitoringServer): string {
  return `Check \`${key}\`; a server inside the cluster needs a runner there, or \`prometheus.service\`.`
}

function whoIs({ product, place }: MonitoringServer): string {
  return `${product} at ${place}`
}

function pathOf({ path }: ApiError): string {
  return path.replace(/\?.*/s, '')
}

function quoted(text: string): string {
  return text === '' ? '' : `: ${text}`
}

/** Prometheus gives its reason in JSON; anything else is quoted up to its first line. */
function reasonOf({ fields }: ApiError): string {
  const body = typeof fields.body === 'string' ? fields.body.trim() : ''
  const inJson = /"error"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(body)?.[1]
  if (inJson !== undefined) return JSON.parse(inJson) as string
  return body.startsWith('<') ? '' : (body.split('\n', 1)[0] ?? '').slice(0, 300)
}

function describe({ count, elapsedMs }: Attempts): string {
  return count < 2 ? '' : ` (${count} attempts in ${Math.round(elapsedMs / 1000)} s)`
}
