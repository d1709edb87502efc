import { UserError } from '../errors.ts'
import { AmbiguousWrite, ApiError, PodUnreachable } from './api-error.ts'
import type { ApiRequest } from './api-request.ts'
import { explainTransport, type Explanation } from './explain-transport.ts'
import { TransportError } from './transport-error.ts'

/** What a user should read about a failure of the cluster; anything else comes back as it is. */
export function explain(error: unknown): Error {
  const explanation = explanationOf(error)
  if (explanation !== undefined) return new UserError(explanation.message, explanation.next, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}

function explanationOf(error: unknown): Explanation | undefined {
  if (error instanceof ApiError) return explainRefusal(error)
  if (error instanceof TransportError) return explainTransport(error)
  if (error instanceof PodUnreachable) {
    const next =
      'Check that the container listens on that port on all addresses, and that no network policy is in the way.'
    return { message: `The pod "${error.pod}" could not be reached: ${error.message}`, next }
  }
  if (error instanceof AmbiguousWrite) {
    const message = `The answer to a write was lost, so that ${describe(error.request)} may have been changed or not`
    return {
      message: `${message}: ${causeOf(error)}`,
      next: 'Look at it, then run again: the run goes on from what it finds.',
    }
  }
  return undefined
}

function explainRefusal(error: ApiError): Explanation {
  switch (error.status) {
    case 401:
      return explainUnauthorized(error)
    case 403:
      return explainForbidden(error)
    case 404:
      return explainNotFound(error)
    case 409:
      return explainConflict(error)
    case 400:
    case 422:
      return {
        message: `The API server does not accept ${describe(error.fields)}: ${said(error)}`,
        next: 'Mend it as the message says.',
      }
    case 429:
      return {
        message: `The API server is overloaded and asks to wait: ${said(error)}`,
        next: 'Run again in a few minutes.',
      }
    default: {
      const next =
        'Look at the health of the control plane (`kubectl get --raw /readyz?verbose`), then run again.'
      return { message: `The API server failed at ${describe(error.fields)}: ${said(error)}`, next }
    }
  }
}

function explainUnauthorized({ fields: { server, user, tokenExpiresAt }, fields }: ApiError): Explanation {
  const who = user === undefined || user === '' ? 'the credentials' : `the credentials of "${user}"`
  const refused = `The API server ${server ?? ''} refused ${who} (401)`
  if (tokenExpiresAt === undefined) {
    return {
      message: `${refused}: ${bodyText(fields.body)}`,
      next: 'Make a new token or certificate for the kubeconfig.',
    }
  }
  const time = tokenExpiresAt.toISOString()
  if (fields.hasTokenExpired === true) {
    const next =
      'Make a new token (kubectl create token …) and update the kubeconfig, or use a credential plugin.'
    return { message: `${refused}: their token expired at ${time}`, next }
  }
  const next = 'Check that the kubeconfig is for this cluster, and that the service account still exists.'
  return { message: `${refused}, although their token is good until ${time}`, next }
}

const forbidden =
  /User "(?<user>[^"]+)" cannot (?<verb>\S+) resource "(?<resource>[^"]+)"(?: in API group "(?<group>[^"]*)")?(?: in the namespace "(?<namespace>[^"]+)")?/

function explainForbidden(error: ApiError): Explanation {
  const groups = forbidden.exec(error.serverMessage)?.groups
  if (groups === undefined) {
    const next =
      'This is not a missing permission: an admission rule, a quota or something in front of the API server says no.'
    return { message: `${sentence(describe(error.fields))} is refused (403): ${said(error)}`, next }
  }
  const { user = '', verb = '', resource = '', group = '', namespace } = groups
  const qualified = group === '' ? resource : `${resource} (${group})`
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace "${namespace}"`
  if (user === 'system:anonymous') {
    const next = 'Give the kubeconfig a token, a client certificate or a credential plugin.'
    return {
      message: `The API server saw no credentials, and strangers may not ${verb} ${qualified} ${where}`,
      next,
    }
  }
  const role = namespace === undefined ? 'a ClusterRole' : `a Role in namespace "${namespace}"`
  const rule = `{ apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"] }`
  const next = `Add this rule to ${role} that is bound to ${user}: ${rule}. The same is said where the namespace does not exist.`
  return { message: `${user} may not ${verb} ${qualified} ${where}`, next }
}

function explainNotFound(error: ApiError): Explanation {
  const { details, namespace, fields } = error
  if (details?.name !== undefined && details.kind !== undefined) {
    const inNamespace = namespace === undefined ? '' : ` -n ${namespace}`
    const next = `Check the name and the namespace: kubectl get ${details.kind}${inNamespace}.`
    return { message: `${sentence(describe({ ...fields, name: details.name }))} was not found`, next }
  }
  if (error.reason === undefined) {
    const next = 'Check the server of the kubeconfig: this does not look like a Kubernetes API server.'
    return { message: `${fields.server ?? 'The server'} does not know ${pathOf(fields)} (404)`, next }
  }
  const next = 'Check the version of the cluster, and that the API group is installed there.'
  return { message: `The cluster does not serve ${pathOf(fields)} (404)`, next }
}

function explainConflict(error: ApiError): Explanation {
  const object = describe(error.fields)
  if (error.isAlreadyExists) {
    return {
      message: `${sentence(object)} exists already`,
      next: 'Somebody else made it meanwhile. Look at it, then run again.',
    }
  }
  const owned = (error.details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict')
  if (owned.length > 0) {
    const owners = owned.map(({ message = '', field = '' }) => {
      const manager = /conflict with "(?<manager>[^"]+)"/.exec(message)?.groups?.manager
      return `${field} belongs to ${manager ?? message}`
    })
    const next =
      'Leave these fields to their owner, or let it give them up: two writers of one field undo each other.'
    return { message: `${sentence(object)} has other owners: ${owners.join('; ')}`, next }
  }
  return {
    message: `${sentence(object)} was changed by somebody else meanwhile: ${said(error)}`,
    next: 'Run again.',
  }
}

/** `Deployment "web" in namespace "team"`, or the path where no object was meant. */
function describe(request: ApiRequest): string {
  const { kind, name, namespace } = request
  if (kind === undefined) return pathOf(request)
  const object = name === undefined ? `${kind}s` : `${kind} "${name}"`
  return namespace === undefined ? object : `${object} in namespace "${namespace}"`
}

function pathOf({ path }: ApiRequest): string {
  return path.replace(/\?.*/, '')
}

function said({ serverMessage, status }: ApiError): string {
  return serverMessage === '' ? `HTTP ${status}` : serverMessage
}

function bodyText(body: ApiError['fields']['body']): string {
  const text = typeof body === 'object' ? body.message : body
  return text === undefined || text === '' ? 'it gave no reason' : text
}

function causeOf({ cause }: AmbiguousWrite): string {
  if (cause instanceof ApiError) return said(cause)
  return cause instanceof TransportError ? cause.fields.problem : ''
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
