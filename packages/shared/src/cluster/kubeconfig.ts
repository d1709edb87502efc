import { existsSync } from 'node:fs'
import { UserError } from '../errors.ts'
import { systemClock, type Clock, type Logger } from '../ports.ts'
import { RenewingIdentity, type Credentials } from './credentials.ts'
import { identitySource } from './identity-source.ts'
import {
  parseKubeconfig,
  readKubeconfig,
  type Cluster,
  type Kubeconfig,
  type User,
} from './kubeconfig-file.ts'
import type { Environment } from './proxy.ts'

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface KubeconfigOptions {
  /** A kubeconfig's text. */
  readonly content?: string | undefined
  /** A kubeconfig's path. */
  readonly path?: string | undefined
  /** Another context than the current one. */
  readonly context?: string | undefined
  /** Accepts `insecure-skip-tls-verify` and plain http. */
  readonly allowInsecureTls?: boolean | undefined
  /** For KUBECONFIG, HOME, the in-cluster service and credential plugins. */
  readonly env: Environment
  readonly clock?: Clock
  readonly log?: Pick<Logger, 'debug'>
}

/**
 * How to reach and to log in to a cluster: the given kubeconfig, else the one kubectl would use, else the service
 * account of the pod that this runs in. The namespace of the context is not used: the runbook names namespaces.
 *
 * @throws UserError for everything that is wrong with a kubeconfig or the files it names
 */
export function loadKubeconfig(options: KubeconfigOptions): Credentials {
  const { content, path, env, clock = systemClock } = options
  const kubeconfig =
    content === undefined ? readKubeconfig(path, env) : parseKubeconfig(content, 'The given kubeconfig')
  const chosen = kubeconfig ? choose(kubeconfig, options.context) : inCluster(env)
  const server = serverUrl(chosen, options.allowInsecureTls ?? false)
  const source = identitySource(chosen.cluster, chosen.user, env, clock)
  const identity = new RenewingIdentity(source, clock, (message) => options.log?.debug(message))
  return {
    server,
    proxyUrl: chosen.cluster['proxy-url'],
    context: chosen.context,
    user: chosen.userName,
    current: (lifetime) => identity.current(lifetime),
    renew: (lifetime) => identity.renew(lifetime),
  }
}

interface Chosen {
  readonly context: string
  readonly userName: string
  readonly cluster: Cluster
  readonly user: User
}

function choose(kubeconfig: Kubeconfig, wanted: string | undefined): Chosen {
  const { source, contexts, clusters, users } = kubeconfig
  const name = wanted ?? kubeconfig.currentContext
  const known =
    contexts.size === 0 ? 'It has no contexts.' : `Its contexts: ${[...contexts.keys()].join(', ')}.`
  if (name === undefined || name === '') {
    throw new UserError(`${source} has no current-context`, `Name one of its contexts. ${known}`)
  }
  const context = contexts.get(name)
  if (context === undefined) throw new UserError(`${source} has no context "${name}"`, known)
  const cluster = clusters.get(context.cluster)
  const user = users.get(context.user ?? '')
  const lacks = cluster === undefined ? `cluster "${context.cluster}"` : `user "${context.user ?? ''}"`
  if (cluster === undefined || user === undefined) {
    throw new UserError(
      `${source} has no ${lacks}, which its context "${name}" names`,
      'Give the whole kubeconfig.',
    )
  }
  return { context: name, userName: context.user ?? '', cluster, user }
}

function inCluster(env: Environment): Chosen {
  const host = env.KUBERNETES_SERVICE_HOST
  if (host === undefined || host === '' || !existsSync(`${serviceAccountDirectory}/token`)) {
    throw new UserError(
      'There is no kubeconfig: none was given, KUBECONFIG is not set, ~/.kube/config does not exist, and this is not a pod',
      'Give the kubeconfig of the environment, for example from the secret PRODUCTION_KUBECONFIG.',
    )
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`
  const content = JSON.stringify({
    clusters: [
      {
        name: 'in-cluster',
        cluster: { server, 'certificate-authority': `${serviceAccountDirectory}/ca.crt` },
      },
    ],
    users: [{ name: 'service-account', user: { tokenFile: `${serviceAccountDirectory}/token` } }],
    contexts: [{ name: 'in-cluster', context: { cluster: 'in-cluster', user: 'service-account' } }],
    'current-context': 'in-cluster',
  })
  return choose(parseKubeconfig(content, 'The pod'), undefined)
}

function serverUrl({ cluster, context }: Chosen, allowInsecureTls: boolean): URL {
  const server = URL.parse(cluster.server)
  if (server === null || !['https:', 'http:'].includes(server.protocol)) {
    throw new UserError(
      `The server of context "${context}" is no URL: ${cluster.server}`,
      'Mend the kubeconfig.',
    )
  }
  const isInsecure = cluster['insecure-skip-tls-verify'] === true || server.protocol === 'http:'
  if (isInsecure && !allowInsecureTls) {
    throw new UserError(
      `The kubeconfig's context "${context}" does not verify the server (${server.protocol === 'http:' ? 'plain http' : 'insecure-skip-tls-verify'}): anybody in between could read the credentials`,
      'Put the https address and certificate-authority-data of the cluster into the kubeconfig.',
    )
  }
  return server
}
