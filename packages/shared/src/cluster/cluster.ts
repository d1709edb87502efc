import type { LockState } from '../decide/lock.ts'
import type { Sleeper } from '../record/sleeper.ts'
import type { Autoscaler } from './autoscaler.ts'
import type { ConfigMapContent, Data } from './configuration/content-digest.ts'
import type { FileReading } from './configuration/file-reading.ts'
import type { ConfigMapWritten } from './configuration/write-config-map.ts'
import type { NodeRoom } from './capacity/node-room.ts'
import type { ResourceQuota } from './capacity/quota.ts'
import type { Canary, CanaryPlace } from './canary.ts'
import type { AppliedManifest, ManifestWrite } from './manifest/apply-manifest.ts'
import type { ComponentState, Deployment } from './component.ts'
import type { LockPlace } from './lease.ts'
import type { ObjectEvent } from './object-event.ts'
import type { DeploymentRestore } from './restore/wanted-deployment.ts'
import type { AnyObject, LimitRange } from './resources.ts'
import type { ServiceAnswer, ServiceGet } from './service-proxy.ts'
import type { GiveBackEnd } from './wake/give-back.ts'

/** What a pod's own HTTP server answered. */
export interface PodAnswer {
  readonly status: number
  readonly body: string
  /** The body was longer than what is read of one: 1 MiB. */
  readonly truncated?: boolean
}

/** One Deployment's image write with what says who did it and why. */
export interface ImageWrite {
  readonly deployment: string
  readonly container: string
  /** The reference that the pod template shall have. */
  readonly image: string
  /** `kubectl.kubernetes.io/restartedAt` of the pod template, where its pods are made anew although the image stays. */
  readonly restartedAt?: string
  /** `metadata.generation` of the Deployment that the decision was made on: another one means somebody else wrote. */
  readonly generation: number
  /** Set on the Deployment, never in its pod template: a re-run must not roll pods. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A ConfigMap as it stands: what it says, and what says who manages it. */
export interface FoundConfigMap extends ConfigMapContent {
  readonly resourceVersion: string
  readonly metadata: NonNullable<AnyObject['metadata']>
}

/** What a namespace's administrators have set for its pods. */
export interface NamespaceLimits {
  readonly quotas: readonly ResourceQuota[]
  readonly limitRanges: readonly LimitRange[]
}

/**
 * A live view of a namespace's Deployments, ReplicaSets and pods: one list and one watch of each. Pods have what
 * following a rollout and its diagnosis look at, and nothing else.
 */
export interface ComponentWatch {
  /** Undefined where the Deployment does not exist (any more). */
  state(deployment: string): ComponentState | undefined
  /**
   * Resolves at the next change or at `until`, whichever comes first, but at most four times a second; rejects when the
   * watch cannot go on.
   */
  next(until: Date, signal: AbortSignal): Promise<void>
  close(): void
}

/** One environment's namespace, as the phases and gates need it. */
export interface Cluster {
  readonly namespace: string
  /**
   * The named components as they stand now.
   *
   * @throws UserError naming every one that does not exist
   */
  components(
    deployments: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ComponentState>>
  /** What decides the replicas of a Deployment, by its name. */
  autoscalers(signal: AbortSignal): Promise<ReadonlyMap<string, Autoscaler>>
  /** The quotas of the namespace, and the defaults that its pods get. */
  limits(signal: AbortSignal): Promise<NamespaceLimits>
  /** The nodes that take new pods, each with what is left on it. Beyond the namespace: no Role can allow it. */
  nodeRooms(signal: AbortSignal): Promise<readonly NodeRoom[]>
  /** The lock of a pipeline's environment as it stands, only read. */
  lock(place: LockPlace, signal: AbortSignal): Promise<LockState>
  watch(signal: AbortSignal): Promise<ComponentWatch>
  /**
   * Sets one image. In a dry run the API server validates the write and stores nothing.
   *
   * @throws UserError where somebody else changed the Deployment since it was read
   */
  setImage(write: ImageWrite, signal: AbortSignal): Promise<Deployment>
  /**
   * Applies a component's manifest by server-side apply, never over others. In a dry run nothing is stored.
   *
   * @throws UserError where somebody else owns a field of it, or changed the Deployment since it was read
   */
  applyManifest(write: ManifestWrite, signal: AbortSignal): Promise<AppliedManifest>
  /**
   * Holds a component that is scaled to zero, marked as the suite's doing. False where it is awake by itself: then nothing
   * is held.
   *
   * @throws UserError where somebody has paused its ScaledObject, or taken it away
   */
  hold(sleeper: Sleeper, signal: AbortSignal): Promise<boolean>
  /** Whether the suite holds a component awake. */
  isHeld(sleeper: Sleeper, signal: AbortSignal): Promise<boolean>
  /** Gives back what is held; what somebody has changed since stays. */
  giveBack(sleeper: Sleeper, signal: AbortSignal): Promise<GiveBackEnd>
  /** The last lines of a container's log; `previous` for the run before the last restart. */
  podLog(
    pod: string,
    options: { container: string; tailLines: number; previous?: boolean },
    signal: AbortSignal,
  ): Promise<string>
  /** What Kubernetes reported about one object, the oldest first; it forgets after an hour. */
  events(
    object: { readonly kind: string; readonly name: string; readonly uid?: string | undefined },
    signal: AbortSignal,
  ): Promise<readonly ObjectEvent[]>
  /** `GET` on a pod through the API server. Throws where the pod could not be reached at all. */
  podGet(pod: string, port: number, path: string, signal: AbortSignal): Promise<PodAnswer>
  /** `GET` on a Service of any namespace through the API server, once. Throws where the API server has no answer of it. */
  serviceGet(request: ServiceGet, signal: AbortSignal): Promise<ServiceAnswer>
  /** A ConfigMap, undefined where it does not exist. */
  configMap(name: string, signal: AbortSignal): Promise<FoundConfigMap | undefined>
  /**
   * The digest of each variable's value, by its name, as a program in the container sees them: no value leaves it.
   *
   * @throws UserError where the container has no program `env`
   */
  environment(pod: string, container: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** What is at a path of a container's file system, as `cat` in it sees it: no content leaves it, its digest does. */
  file(pod: string, container: string, path: string, signal: AbortSignal): Promise<FileReading>
  /**
   * Gives a ConfigMap other data.
   *
   * @throws UserError where it does not say any more what the plan saw (`before`, a digest)
   */
  changeConfigMap(
    change: { readonly name: string; readonly data: Data; readonly before: string },
    signal: AbortSignal,
  ): Promise<ConfigMapWritten>
  /**
   * Keeps an immutable copy of all that a ConfigMap says under a name made from its content; the same content twice is one.
   * It has room for whatever fits into the ConfigMap itself.
   */
  keepConfigMap(name: string, content: ConfigMapContent, signal: AbortSignal): Promise<string>
  /**
   * Puts a Deployment back: its template as a whole, and what says who did it. Nothing is written where it is so already.
   *
   * @throws UserError where others keep changing it
   */
  restoreDeployment(wanted: DeploymentRestore, signal: AbortSignal): Promise<Deployment>
  /** What runs a release of the pipeline beside its components, by our own labels. */
  canaries(place: CanaryPlace, signal: AbortSignal): Promise<readonly Canary[]>
  /** Deletes this very canary; it is gone when its pods are. Nothing happens where it is gone already. */
  removeCanary(canary: Canary, signal: AbortSignal): Promise<void>
  /**
   * Puts what a ConfigMap says back as its copy has it.
   *
   * @throws UserError where the copy is gone, or the ConfigMap is immutable
   */
  restoreConfigMap(
    place: { readonly name: string; readonly copy: string },
    signal: AbortSignal,
  ): Promise<ConfigMapWritten>
}
