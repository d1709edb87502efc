import { readFileSync } from 'node:fs'
import type { User as ClientNodeUser } from '@kubernetes/client-node'
import { messageOf, UserError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { Identity, IdentitySource, TlsMaterial } from './credentials.ts'
import { runExecPlugin } from './exec-plugin.ts'
import type { Cluster, ExecConfig, User } from './kubeconfig-file.ts'
import type { Environment } from './proxy.ts'

/** Projected tokens are replaced at 80 % of their life, an hour by default; client-go looks once a minute, too. */
const lookAgainMs = 60_000

type Headers = Record<string, string | string[]>

/** A user's TLS material and impersonation, to which each way of logging in adds its headers. */
interface Base {
  readonly tls: TlsMaterial
  with(headers: Headers): Identity
}

/**
 * How `user` proves who it is: exec plugin, token file, auth provider, token, or basic auth; a client certificate
 * goes with any of them.
 *
 * @throws UserError where a certificate, key or token file cannot be read
 */
export function identitySource(cluster: Cluster, user: User, env: Environment, clock: Clock): IdentitySource {
  const tls = tlsMaterial(cluster, user)
  const impersonation = impersonationHeaders(user)
  const base: Base = { tls, with: (headers) => ({ headers: { ...headers, ...impersonation }, tls }) }
  if (user.exec !== undefined) return execSource(user.exec, cluster, env, base)
  if (user.tokenFile !== undefined) return tokenFileSource(user.tokenFile, base, clock)
  if (user['auth-provider'] !== undefined) return authProviderSource(user['auth-provider'], base, clock)
  const identity = base.with(fixedHeaders(user))
  return { canRenew: false, obtain: () => Promise.resolve({ identity }) }
}

function fixedHeaders({ token, username, password }: User): Headers {
  if (token !== undefined && token !== '') return bearer(token)
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function execSource(exec: ExecConfig, cluster: Cluster, env: Environment, base: Base): IdentitySource {
  let { tls } = base
  const { server, 'tls-server-name': serverName, 'proxy-url': proxy } = cluster
  const described = {
    server,
    'tls-server-name': serverName,
    'insecure-skip-tls-verify': !tls.rejectUnauthorized,
    'certificate-authority-data': tls.ca?.toString('base64'),
    'proxy-url': proxy,
  }
  return {
    canRenew: true,
    async obtain(lifetime) {
      const credential = await runExecPlugin(exec, described, env, lifetime)
      const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = credential
      // Another object means other connections: only for another certificate.
      if (cert !== undefined && (cert !== tls.cert || key !== tls.key)) tls = { ...base.tls, cert, key }
      return {
        identity: { ...base.with(token === undefined ? {} : bearer(token)), tls },
        expiresAt: expirationTimestamp ? new Date(expirationTimestamp) : undefined,
      }
    },
  }
}

function tokenFileSource(file: string, base: Base, clock: Clock): IdentitySource {
  const read = () => bearer(readMaterial('token file', file, undefined)?.toString('utf8') ?? '')
  read()
  return {
    canRenew: true,
    obtain: () => Promise.resolve().then(() => ({ identity: base.with(read()), lookAgainAt: soon(clock) })),
  }
}

/** The way before exec plugins. client-node knows it, and is loaded only for such a kubeconfig. */
function authProviderSource(
  authProvider: NonNullable<User['auth-provider']>,
  base: Base,
  clock: Clock,
): IdentitySource {
  const user: ClientNodeUser = { name: 'user', authProvider }
  return {
    canRenew: false,
    async obtain() {
      const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js')
      const config = new KubeConfig()
      config.loadFromClusterAndUser(
        { name: 'cluster', server: 'https://cluster.invalid', skipTLSVerify: false },
        user,
      )
      const options: { headers?: Record<string, string> } = {}
      try {
        await config.applyToHTTPSOptions(options)
      } catch (error) {
        const next = 'Use a credential plugin (exec) in the kubeconfig instead.'
        throw new UserError(`The auth-provider ${authProvider.name} failed: ${messageOf(error)}`, next, {
          cause: error,
        })
      }
      const authorization = options.headers?.Authorization
      if (authorization === undefined) {
        const next = 'Log in again, or use a credential plugin (exec) in the kubeconfig instead.'
        throw new UserError(`The auth-provider ${authProvider.name} of the kubeconfig gives no token`, next)
      }
      return { identity: base.with({ authorization }), lookAgainAt: soon(clock) }
    },
  }
}

function soon(clock: Clock): Date {
  return new Date(clock.now().getTime() + lookAgainMs)
}

function bearer(token: string): Headers {
  return { authorization: `Bearer ${token.trim()}` }
}

function impersonationHeaders(user: User): Headers {
  const headers: Headers = {}
  if (user.as !== undefined) headers['impersonate-user'] = user.as
  if (user['as-uid'] !== undefined) headers['impersonate-uid'] = user['as-uid']
  if (user['as-groups'] !== undefined) headers['impersonate-group'] = user['as-groups']
  return headers
}

function tlsMaterial(cluster: Cluster, user: User): TlsMaterial {
  return {
    ca: readMaterial(
      'certificate authority',
      cluster['certificate-authority'],
      cluster['certificate-authority-data'],
    ),
    cert: readMaterial('client certificate', user['client-certificate'], user['client-certificate-data']),
    key: readMaterial('client key', user['client-key'], user['client-key-data']),
    servername: cluster['tls-server-name'],
    // Said explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED=0 has no say.
    rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
  }
}

/** The bytes of a certificate or key, from the base64 or the file that a kubeconfig gives; as in kubectl, data wins. */
function readMaterial(what: string, file: string | undefined, data: string | undefined): Buffer | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64')
  if (file === undefined || file === '') return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UserError(
      `The ${what} that the kubeconfig names cannot be read: ${messageOf(error)}`,
      'Bring the file along, or embed it: kubectl config view --flatten --minify --raw.',
      { cause: error },
    )
  }
}
