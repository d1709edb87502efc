import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { V1Role, V1RoleBinding, V1ServiceAccount } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { connect, type KubernetesApi } from './api.ts'
import { silent } from '../ports.ts'
import type { ApiOptions } from './api-options.ts'
import { Collection } from './collection.ts'
import type { FaultProxy } from './fault-proxy.fixture.ts'
import { loadKubeconfig } from './kubeconfig.ts'
import type { Environment } from './proxy.ts'
import { namespaces, pods, type Resource, type Wire } from './resources.ts'

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true } as const
export const roles: Resource<V1Role> = { ...rbac, plural: 'roles', kind: 'Role' }
export const roleBindings: Resource<V1RoleBinding> = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' }
export const serviceAccounts: Resource<V1ServiceAccount> = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
}

/** A namespace of the test's own in the cluster that REHEARSAL_KUBECONFIG names. */
export class RealCluster {
  readonly namespace = `client-${randomBytes(4).toString('hex')}`
  readonly kubeconfig: string
  /** The folder that the cluster takes images from. */
  readonly images: string
  readonly kubectl: string
  #admin: KubernetesApi | undefined

  constructor(env: Environment) {
    const required = (name: string): string => {
      const value = env[name]
      if (value === undefined) throw new Error(`${name} is not set: scripts/test-servers.ts sets it`)
      return value
    }
    this.kubeconfig = required('REHEARSAL_KUBECONFIG')
    this.images = required('REHEARSAL_IMAGES')
    this.kubectl = required('REHEARSAL_KUBECTL')
  }

  async start(): Promise<KubernetesApi> {
    this.#admin = this.client()
    await this.#admin.create(namespaces, undefined, { metadata: { name: this.namespace } })
    // A controller makes it, and no pod can be made before.
    await this.until(serviceAccounts, 'default', () => true)
    return this.#admin
  }

  async stop(): Promise<void> {
    await this.#admin?.delete(namespaces, undefined, this.namespace)
    await this.#admin?.close()
  }

  /** Where the API server is, for what stands before it. */
  get upstream(): { server: string; authority: string } {
    const { server, 'certificate-authority-data': authority } = this.#config().clusters[0].cluster
    return { server, authority: Buffer.from(authority, 'base64').toString() }
  }

  /** The administrator's client, or that of another user of the same server; `server` for a relay before it. */
  client(options: Partial<ApiOptions> = {}, user?: object, server?: string): KubernetesApi {
    const config = this.#config()
    if (user) config.users[0].user = user
    if (server) config.clusters[0].cluster.server = server
    return this.#connect(JSON.stringify(config), options)
  }

  /** The administrator's client, or that of another user, on the way through a fault proxy. */
  clientThrough(proxy: FaultProxy, options: Partial<ApiOptions> = {}, user?: object): KubernetesApi {
    return this.#connect(proxy.kubeconfig(user ?? this.#config().users[0].user), options)
  }

  /** Tells the cluster to restart its API server; it is away for some seconds. */
  restartApiServer(): void {
    const { pid } = JSON.parse(readFileSync(join(this.#folder, 'ready.json'), 'utf8')) as { pid: number }
    process.kill(pid, 'SIGUSR1')
  }

  /** The exec plugin of a kubeconfig: an account's token that the API server accepts for so many seconds. */
  tokenCommand(account: string, uid: string, seconds: number): { command: string; args: string[] } {
    const whose = ['--namespace', this.namespace, '--service-account', account, '--uid', uid]
    return {
      // kubectl is one of the names of the cluster program.
      command: realpathSync(this.kubectl),
      args: ['token', '--dir', this.#folder, ...whose, '--duration', `${seconds}s`],
    }
  }

  /** Waits until a pod is ready. */
  async isReady(name: string): Promise<void> {
    await this.until(pods, name, ({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
  }

  /** Waits until an object is there and looks as wanted. */
  async until<T>(
    resource: Resource<T>,
    name: string,
    isWanted: (object: Wire<T>) => boolean | undefined,
  ): Promise<void> {
    const stop = new AbortController()
    const api = this.client()
    const collection = new Collection(api, resource, this.namespace, {
      fieldSelector: `metadata.name=${name}`,
    })
    const found = (): boolean => {
      const object = collection.get(name)
      return object !== undefined && isWanted(object) === true
    }
    try {
      await collection.start(stop.signal).synced
      while (!found()) await collection.next(AbortSignal.timeout(60_000))
    } finally {
      stop.abort()
      await api.close()
    }
  }

  get #folder(): string {
    return dirname(this.kubeconfig)
  }

  #config(): Kubeconfig {
    return parse(readFileSync(this.kubeconfig, 'utf8')) as Kubeconfig
  }

  #connect(content: string, options: Partial<ApiOptions>): KubernetesApi {
    return connect(loadKubeconfig({ content, env: {} }), {
      fieldManager: 'tester',
      userAgent: 'tests',
      log: silent,
      env: {},
      ...options,
    })
  }
}

interface Kubeconfig {
  readonly clusters: [{ cluster: { server: string; readonly 'certificate-authority-data': string } }]
  readonly users: [{ user: object }]
}

/** A token of a service account, good for ten minutes: the shortest that there is. */
export async function createToken(cluster: RealCluster, account: string): Promise<string> {
  const { kubectl, kubeconfig, namespace } = cluster
  const command = [
    '--kubeconfig',
    kubeconfig,
    '-n',
    namespace,
    'create',
    'token',
    account,
    '--duration',
    '10m',
  ]
  return (await promisify(execFile)(kubectl, command)).stdout.trim()
}
