import type { LockState } from '../decide/lock.ts'
import { UserError } from '../errors.ts'
import type { Sleeper } from '../record/sleeper.ts'
import type { KubernetesApi } from './api.ts'
import { AmbiguousWrite, ApiError } from './api-error.ts'
import { readAutoscalers, type Autoscaler } from './autoscaler.ts'
import { canariesAmong, canaryLabel, type Canary, type CanaryPlace } from './canary.ts'
import { changedMeanwhile } from './changed-meanwhile.ts'
import { cleanLog, type Redact } from './clean-log.ts'
import { NodeUse, type NodeRoom } from './capacity/node-room.ts'
import type {
  Cluster,
  ComponentWatch,
  FoundConfigMap,
  ImageWrite,
  NamespaceLimits,
  PodAnswer,
} from './cluster.ts'
import { environmentDigests } from './configuration/container-environment.ts'
import { contentDigest, type ConfigMapContent, type Data } from './configuration/content-digest.ts'
import { fileReading, type FileReading } from './configuration/file-reading.ts'
import { changeConfigMap, type ConfigMapWritten } from './configuration/write-config-map.ts'
import { restartedKey } from './restarted.ts'
import { componentState, type ComponentState, type Deployment } from './component.ts'
import { watchComponents } from './component-watch.ts'
import { lockStateOf, type LockPlace } from './lease.ts'
import { LeaseStore } from './lease-store.ts'
import { objectEvents, type ObjectEvent } from './object-event.ts'
import { applyManifest, type AppliedManifest, type ManifestWrite } from './manifest/apply-manifest.ts'
import {
  configMaps,
  deployments,
  events,
  limitRanges,
  nodes,
  pods,
  replicaSets,
  resourceQuotas,
} from './resources.ts'
import { restoreConfigMap } from './restore/restore-config-map.ts'
import { restoreDeployment } from './restore/restore-deployment.ts'
import type { DeploymentRestore } from './restore/wanted-deployment.ts'
import type { ServiceAnswer, ServiceGet } from './service-proxy.ts'
import { giveBack, type GiveBackEnd } from './wake/give-back.ts'
import { hold, isHeld } from './wake/hold.ts'

/** How often a write is repeated where only the status has changed since the Deployment was read. */
const writeAttempts = 10
/** The most that is read of one container's log. */
const logLimitBytes = 1 << 20

/** One namespace of a real cluster. */
export class KubernetesCluster implements Cluster {
  readonly namespace: string
  readonly #api: KubernetesApi
  readonly #redact: Redact

  /** @param redact hides what is secret in the logs of containers */
  constructor(api: KubernetesApi, namespace: string, redact: Redact = (text) => text) {
    this.#api = api
    this.namespace = namespace
    this.#redact = redact
  }

  async components(
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ComponentState>> {
    const [allDeployments, allSets, allPods] = await Promise.all([
      this.#api.list(deployments, this.namespace, { signal }),
      this.#api.list(replicaSets, this.namespace, { signal }),
      this.#api.list(pods, this.namespace, { signal }),
    ])
    const found = new Map(allDeployments.items.map((item) => [item.metadata?.name ?? '', item]))
    const missing = names.filter((name) => !found.has(name))
    if (missing.length > 0) {
      throw new UserError(
        `The namespace "${this.namespace}" has no Deployment ${missing.map((name) => `"${name}"`).join(', ')}.`,
        found.size === 0
          ? 'It has no Deployments at all: is the namespace of this environment right in the runbook file?'
          : `It has: ${[...found.keys()].sort().join(', ')}. Mend "components" in the runbook file.`,
      )
    }
    return new Map(
      names.flatMap((name) => {
        const deployment = found.get(name)
        return deployment === undefined
          ? []
          : [[name, componentState(deployment, allSets.items, allPods.items)]]
      }),
    )
  }

  autoscalers(signal: AbortSignal): Promise<ReadonlyMap<string, Autoscaler>> {
    return readAutoscalers(this.#api, this.namespace, signal)
  }

  async limits(signal: AbortSignal): Promise<NamespaceLimits> {
    const [quotas, defaults] = await Promise.all([
      this.#api.list(resourceQuotas, this.namespace, { signal }),
      this.#api.list(limitRanges, this.namespace, { signal }),
    ])
    return { quotas: quotas.items, limitRanges: defaults.items }
  }

  async nodeRooms(signal: AbortSignal): Promise<readonly NodeRoom[]> {
    const use = new NodeUse()
    const [{ items }] = await Promise.all([
      this.#api.list(nodes, undefined, { signal }),
      this.#api.listPages(
        pods,
        undefined,
        { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed', signal },
        {
          page: (some) => {
            use.add(some)
          },
          restart: () => {
            use.clear()
          },
        },
      ),
    ])
    return use.roomOn(items)
  }

  async lock(place: LockPlace, signal: AbortSignal): Promise<LockState> {
    return lockStateOf(await new LeaseStore(this.#api, { ...place, namespace: this.namespace }).read(signal))
  }

  watch(signal: AbortSignal): Promise<ComponentWatch> {
    return watchComponents(this.#api, this.namespace, signal)
  }

  async setImage(write: ImageWrite, signal: AbortSignal): Promise<Deployment> {
    const { deployment: name, container, image, restartedAt, labels, annotations } = write
    const restart = restartedAt && { metadata: { annotations: { [restartedKey]: restartedAt } } }
    const spec = { template: { ...restart, spec: { containers: [{ name: container, image }] } } }
    for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
      const current = await this.#api.get(deployments, this.namespace, name, { signal })
      if (current.metadata?.generation !== write.generation) throw changedMeanwhile(name)
      const metadata = { resourceVersion: current.metadata.resourceVersion, labels, annotations }
      try {
        return await this.#api.patch(deployments, this.namespace, name, { metadata, spec }, 'strategic', {
          signal,
        })
      } catch (error) {
        // The controller writes the status all the time: only a change of the generation is somebody's decision.
        if (!(error instanceof ApiError && error.isConflict)) throw error
      }
    }
    throw changedMeanwhile(name)
  }

  applyManifest(write: ManifestWrite, signal: AbortSignal): Promise<AppliedManifest> {
    return applyManifest(this.#api, this.namespace, write, signal)
  }

  hold(sleeper: Sleeper, signal: AbortSignal): Promise<boolean> {
    return hold(this.#api, this.namespace, sleeper, signal)
  }

  isHeld(sleeper: Sleeper, signal: AbortSignal): Promise<boolean> {
    return isHeld(this.#api, this.namespace, sleeper, signal)
  }

  giveBack(sleeper: Sleeper, signal: AbortSignal): Promise<GiveBackEnd> {
    return giveBack(this.#api, this.namespace, sleeper, signal)
  }

  async podLog(
    pod: string,
    options: { container: string; tailLines: number; previous?: boolean },
    signal: AbortSignal,
  ): Promise<string> {
    const text = await this.#api.logs(this.namespace, pod, { ...options, limitBytes: logLimitBytes, signal })
    return cleanLog(text, this.#redact)
  }

  async events(
    { kind, name, uid }: { kind: string; name: string; uid?: string | undefined },
    signal: AbortSignal,
  ): Promise<readonly ObjectEvent[]> {
    const of = { kind, name, ...(uid !== undefined && { uid }) }
    const fieldSelector = Object.entries(of)
      .map(([field, value]) => `involvedObject.${field}=${value}`)
      .join(',')
    return objectEvents((await this.#api.list(events, this.namespace, { fieldSelector, signal })).items)
  }

  podGet(pod: string, port: number, path: string, signal: AbortSignal): Promise<PodAnswer> {
    return this.#api.podGet(this.namespace, pod, port, path, { signal })
  }

  serviceGet(request: ServiceGet, signal: AbortSignal): Promise<ServiceAnswer> {
    return this.#api.serviceGet(request, signal)
  }

  async configMap(name: string, signal: AbortSignal): Promise<FoundConfigMap | undefined> {
    const found = await this.#api.find(configMaps, this.namespace, name, { signal })
    if (found === undefined) return undefined
    const { metadata = {}, data = {}, binaryData } = found
    return { resourceVersion: metadata.resourceVersion ?? '', metadata, data, binaryData }
  }

  async environment(
    pod: string,
    container: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const ended = await this.#api.podExec(this.namespace, pod, container, ['env', '-0'], { signal })
    if (ended.exitCode === 0) return environmentDigests(ended.stdout)
    throw new UserError(
      `The environment of ${pod} (${container}) cannot be read by "env -0": ${ended.problem.trim()}`,
      'An image without a program "env" cannot be asked: set "config.verify-env: []" in the runbook file, and its environment is not looked at.',
    )
  }

  async file(pod: string, container: string, path: string, signal: AbortSignal): Promise<FileReading> {
    return fileReading(await this.#api.podExec(this.namespace, pod, container, ['cat', path], { signal }))
  }

  changeConfigMap(
    change: { readonly name: string; readonly data: Data; readonly before: string },
    signal: AbortSignal,
  ): Promise<ConfigMapWritten> {
    return changeConfigMap(this.#api, this.namespace, change, signal)
  }

  async keepConfigMap(name: string, content: ConfigMapContent, signal: AbortSignal): Promise<string> {
    const copy = `${name.slice(0, 200)}-${contentDigest(content).slice('sha256:'.length).slice(0, 10)}`
    const labels = {
      'app.kubernetes.io/managed-by': 'runbook-actions',
      'runbook-actions.io/copy-of': name.slice(0, 63),
    }
    const { data, binaryData } = content
    const object = {
      metadata: { name: copy, labels },
      data,
      ...(binaryData && { binaryData }),
      immutable: true,
    }
    try {
      await this.#api.create(configMaps, this.namespace, object, { signal })
    } catch (error) {
      // The same content has the same name: it was kept before, or by this very write whose answer was lost.
      const isThere =
        error instanceof AmbiguousWrite
          ? error.readBack.result === 'found'
          : error instanceof ApiError && error.isAlreadyExists
      if (!isThere) throw error
    }
    return copy
  }

  restoreDeployment(wanted: DeploymentRestore, signal: AbortSignal): Promise<Deployment> {
    return restoreDeployment(this.#api, this.namespace, wanted, signal)
  }

  async canaries(place: CanaryPlace, signal: AbortSignal): Promise<readonly Canary[]> {
    const found = await this.#api.list(deployments, this.namespace, { labelSelector: canaryLabel, signal })
    if (found.items.length === 0) return []
    const [sets, allPods] = await Promise.all([
      this.#api.list(replicaSets, this.namespace, { signal }),
      this.#api.list(pods, this.namespace, { signal }),
    ])
    return canariesAmong(found.items, sets.items, allPods.items, place)
  }

  async removeCanary({ name, state }: Canary, signal: AbortSignal): Promise<void> {
    const { uid } = state.deployment.metadata ?? {}
    try {
      // In the foreground: it stays visible until its pods are gone.
      await this.#api.delete(deployments, this.namespace, name, { uid, propagation: 'Foreground', signal })
    } catch (error) {
      if (!(error instanceof ApiError && error.isNotFound)) throw error
    }
  }

  restoreConfigMap(
    place: { readonly name: string; readonly copy: string },
    signal: AbortSignal,
  ): Promise<ConfigMapWritten> {
    return restoreConfigMap(this.#api, this.namespace, place, signal)
  }
}
