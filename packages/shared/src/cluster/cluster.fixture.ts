// A namespace in memory for tests of the phases. A written image rolls as the test says.
import type { LockState } from '../decide/lock.ts'
import { UserError } from '../errors.ts'
import type { Sleeper } from '../record/sleeper.ts'
import { withBad, withRelease, type History, type Release } from '../record/release.ts'
import type { Memory, RecordStore, RollbackEnd } from '../record/store.ts'
import type { DeploymentRecord, KnownGood } from '../record/schema.ts'
import type { Canary } from './canary.ts'
import type { Autoscaler } from './autoscaler.ts'
import type {
  Cluster,
  ComponentWatch,
  FoundConfigMap,
  ImageWrite,
  NamespaceLimits,
  PodAnswer,
} from './cluster.ts'
import type { NodeRoom } from './capacity/node-room.ts'
import type { AppliedManifest, ManifestWrite } from './manifest/apply-manifest.ts'
import type { ComponentState, Deployment } from './component.ts'
import { containersOf } from './component.ts'
import type { ObjectEvent } from './object-event.ts'
import { digestA, digestB, podOf, settledComponent } from './component.fixture.ts'
import {
  contentDigest,
  dataDigest,
  textDigest,
  type ConfigMapContent,
  type Data,
} from './configuration/content-digest.ts'
import type { FileReading } from './configuration/file-reading.ts'
import type { ConfigMapWritten } from './configuration/write-config-map.ts'
import { restartedKey } from './restarted.ts'
import { restorePatch, type DeploymentRestore } from './restore/wanted-deployment.ts'
import type { GiveBackEnd } from './wake/give-back.ts'

type Behaviour = (write: ImageWrite, before: ComponentState) => ComponentState

/** The new pods come up at once and run `digestB`. */
export const rollsAtOnce: Behaviour = ({ deployment, image, restartedAt }, before) => {
  const replicas = before.deployment.spec?.replicas ?? 0
  const revision = String(
    Number(before.deployment.metadata?.annotations?.['deployment.kubernetes.io/revision']) + 1,
  )
  const generation = (before.deployment.metadata?.generation ?? 0) + 1
  const settled = settledComponent({ name: deployment, replicas, revision, generation, image })
  const { spec } = settled.deployment
  if (restartedAt === undefined || spec === undefined) return settled
  const { containers, ...kept } = before.deployment.spec?.template.spec ?? { containers: [] }
  const template = {
    metadata: { ...spec.template.metadata, annotations: { [restartedKey]: restartedAt } },
    spec: { ...kept, containers: containers.map((each) => ({ ...each, image })) },
  }
  return { ...settled, deployment: { ...settled.deployment, spec: { ...spec, template } } }
}

/** The new pods cannot pull their image. */
export const cannotPull: Behaviour = (write, before) => {
  const rolled = rollsAtOnce(write, before)
  const [set] = rolled.replicaSets
  if (set === undefined) throw new Error('no ReplicaSet')
  const waiting = { reason: 'InvalidImageName', message: 'no such image' }
  return { ...rolled, pods: [...before.pods, podOf(set, 'stuck', { waiting })] }
}

type RestoreBehaviour = (wanted: DeploymentRestore, before: ComponentState) => ComponentState

/** The pods of the restored template come up at once and run `digestA`. */
export const restoresAtOnce: RestoreBehaviour = (wanted, before) => {
  const { deployment: name, template, replicas = before.deployment.spec?.replicas ?? 0 } = wanted
  const revision = String(
    Number(before.deployment.metadata?.annotations?.['deployment.kubernetes.io/revision']) + 1,
  )
  const generation = (before.deployment.metadata?.generation ?? 0) + 1
  const settled = settledComponent({ name, replicas, revision, generation, digest: digestA })
  const spec = { ...settled.deployment.spec, template } as NonNullable<Deployment['spec']>
  return { ...settled, deployment: { ...settled.deployment, spec } }
}

export class FakeCluster implements Cluster {
  readonly namespace = 'kafka-pipeline'
  /** Every write in its order. */
  readonly writes: ImageWrite[] = []
  readonly applied: ManifestWrite[] = []
  readonly states = new Map<string, ComponentState>()
  readonly behaviours = new Map<string, Behaviour>()
  readonly logs = new Map<string, string>()
  /** By the object's name. */
  readonly reported = new Map<string, readonly ObjectEvent[]>()
  /** Every Deployment that was put back, in its order. */
  readonly restored: DeploymentRestore[] = []
  readonly restoring = new Map<string, RestoreBehaviour>()
  /** Those that run, by name. */
  readonly canaryStates = new Map<string, Canary>()
  /** The binary data of ConfigMaps that have some. */
  readonly binaryData = new Map<string, Data>()
  /** Labels, annotations and managed fields of ConfigMaps that somebody manages. */
  readonly marks = new Map<string, FoundConfigMap['metadata']>()
  readonly configMaps = new Map<string, Readonly<Record<string, string>>>()
  readonly scaledBy = new Map<string, Autoscaler>()
  lockState: LockState = {}
  namespaceLimits: NamespaceLimits = { quotas: [], limitRanges: [] }
  rooms: readonly NodeRoom[] = []
  answer: (pod: string, path: string) => PodAnswer = () => ({
    status: 200,
    body: 'kafka_messages_consumed_total 1\n',
  })
  /** What is held awake now, by Deployment. */
  readonly held = new Map<string, Sleeper>()
  /** What happens before something is held or given back: the test aborts, throws, or looks. */
  onHold: (what: 'hold' | 'give back', sleeper: Sleeper) => void = () => undefined
  /** What happens on the way: the test aborts, or looks. */
  onWrite: (write: ImageWrite) => void = () => undefined
  onRestore: (wanted: DeploymentRestore) => void = () => undefined
  /** What happens while the namespace is watched: time goes by, or something changes. */
  onWait: (until: Date) => void = () => undefined

  constructor(...names: readonly string[]) {
    for (const name of names) {
      const image = `registry.local/${name}:v1.0.0`
      this.states.set(name, settledComponent({ name, replicas: 2, revision: '1', generation: 1, image }))
    }
  }

  components(names: readonly string[]): Promise<ReadonlyMap<string, ComponentState>> {
    const missing = names.filter((name) => !this.states.has(name))
    if (missing.length > 0) return Promise.reject(new UserError(`no Deployment ${missing.join()}`))
    return Promise.resolve(new Map([...this.states].filter(([name]) => names.includes(name))))
  }

  autoscalers(): Promise<ReadonlyMap<string, Autoscaler>> {
    return Promise.resolve(this.scaledBy)
  }

  limits(): Promise<NamespaceLimits> {
    return Promise.resolve(this.namespaceLimits)
  }

  nodeRooms(): Promise<readonly NodeRoom[]> {
    return Promise.resolve(this.rooms)
  }

  lock(): Promise<LockState> {
    return Promise.resolve(this.lockState)
  }

  watch(): Promise<ComponentWatch> {
    return Promise.resolve({
      state: (name) => this.states.get(name) ?? this.canaryStates.get(name)?.state,
      next: (until, signal) => {
        signal.throwIfAborted()
        this.onWait(until)
        return Promise.resolve()
      },
      close: () => undefined,
    })
  }

  setImage(write: ImageWrite, signal: AbortSignal): Promise<Deployment> {
    signal.throwIfAborted()
    this.onWrite(write)
    this.writes.push(write)
    const before = this.states.get(write.deployment)
    if (before === undefined) throw new Error(`no ${write.deployment}`)
    const after = (this.behaviours.get(write.deployment) ?? rollsAtOnce)(write, before)
    this.states.set(write.deployment, after)
    return Promise.resolve(after.deployment)
  }

  async applyManifest(write: ManifestWrite, signal: AbortSignal): Promise<AppliedManifest> {
    this.applied.push(write)
    const { manifest, ...rest } = write
    const deployment = await this.setImage({ ...rest, deployment: manifest.deployment.name }, signal)
    return { deployment, changes: [] }
  }

  async hold(sleeper: Sleeper, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted()
    this.onHold('hold', sleeper)
    const { deployment, replicas } = sleeper
    if (this.held.has(deployment)) return true
    if ((this.states.get(deployment)?.deployment.spec?.replicas ?? 0) > 0) return false
    this.held.set(deployment, sleeper)
    return Promise.resolve(this.#scale(deployment, replicas))
  }

  isHeld({ deployment }: Sleeper): Promise<boolean> {
    return Promise.resolve(this.held.has(deployment))
  }

  async giveBack(sleeper: Sleeper, signal: AbortSignal): Promise<GiveBackEnd> {
    signal.throwIfAborted()
    if (!this.held.has(sleeper.deployment)) return 'not-held'
    this.onHold('give back', sleeper)
    this.held.delete(sleeper.deployment)
    this.#scale(sleeper.deployment, 0)
    return Promise.resolve('given-back')
  }

  /** As if the Deployment's controller had been quick. */
  #scale(name: string, replicas: number): true {
    const before = this.states.get(name)
    if (before === undefined) throw new Error(`no ${name}`)
    const image = containersOf(before.deployment)[0]?.image ?? ''
    const { generation = 0, annotations } = before.deployment.metadata ?? {}
    const revision = annotations?.['deployment.kubernetes.io/revision'] ?? '1'
    const settled = settledComponent({ name, replicas, revision, generation: generation + 1, image })
    this.states.set(name, settled)
    return true
  }

  podLog: Cluster['podLog'] = (pod) => Promise.resolve(this.logs.get(pod) ?? 'INFO started\n')

  events: Cluster['events'] = ({ name }) => Promise.resolve(this.reported.get(name) ?? [])

  podGet(pod: string, _: number, path: string): Promise<PodAnswer> {
    return Promise.resolve(this.answer(pod, path))
  }

  serviceGet(): Promise<never> {
    return Promise.reject(new Error('the fake cluster has no Services'))
  }

  configMap(name: string) {
    const data = this.configMaps.get(name)
    const metadata = { name, ...this.marks.get(name) }
    return Promise.resolve(
      data && { resourceVersion: '7', metadata, data, binaryData: this.binaryData.get(name) },
    )
  }

  /** What the containers of a pod really have; by default what the first ConfigMap says. */
  environmentIn: (pod: string) => Data = () => [...this.configMaps.values()][0] ?? {}

  environment(pod: string): Promise<ReadonlyMap<string, string>> {
    const found = Object.entries(this.environmentIn(pod))
    return Promise.resolve(new Map(found.map(([name, value]) => [name, textDigest(value)])))
  }

  /** What `cat` finds in the containers of a pod; by default no file. */
  fileIn: (pod: string, path: string) => FileReading = () => ({ is: 'absent' })

  file(pod: string, _: string, path: string): Promise<FileReading> {
    return Promise.resolve(this.fileIn(pod, path))
  }

  /** What happens once a ConfigMap is changed: the test kills the run, or looks. */
  onConfigMap: () => void = () => undefined

  changeConfigMap({
    name,
    data,
    before,
  }: {
    readonly name: string
    readonly data: Data
    readonly before: string
  }): Promise<ConfigMapWritten> {
    const live = this.configMaps.get(name)
    if (live !== undefined && dataDigest(live) === dataDigest(data)) return Promise.resolve('unchanged')
    if (live === undefined || dataDigest(live) !== before)
      return Promise.reject(new UserError(`ConfigMap ${name} was changed by somebody else since the plan.`))
    this.configMaps.set(name, data)
    this.onConfigMap()
    return Promise.resolve('written')
  }

  keepConfigMap(name: string, { data, binaryData }: ConfigMapContent): Promise<string> {
    const copy = `${name}-${Object.values(data).join('-')}`
    this.configMaps.set(copy, data)
    if (binaryData !== undefined) this.binaryData.set(copy, binaryData)
    return Promise.resolve(copy)
  }

  restoreDeployment(wanted: DeploymentRestore, signal: AbortSignal): Promise<Deployment> {
    signal.throwIfAborted()
    const before = this.states.get(wanted.deployment)
    if (before === undefined) throw new Error(`no ${wanted.deployment}`)
    if (restorePatch(before.deployment, wanted) === undefined) return Promise.resolve(before.deployment)
    this.onRestore(wanted)
    this.restored.push(wanted)
    const after = (this.restoring.get(wanted.deployment) ?? restoresAtOnce)(wanted, before)
    this.states.set(wanted.deployment, after)
    return Promise.resolve(after.deployment)
  }

  canaries(): Promise<readonly Canary[]> {
    return Promise.resolve([...this.canaryStates.values()])
  }

  removeCanary({ name }: Canary, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.canaryStates.delete(name)
    return Promise.resolve()
  }

  restoreConfigMap({
    name,
    copy,
  }: {
    readonly name: string
    readonly copy: string
  }): Promise<ConfigMapWritten> {
    const data = this.configMaps.get(copy)
    if (data === undefined) return Promise.reject(new UserError(`ConfigMap ${copy} is gone.`))
    const binaryData = this.binaryData.get(copy) ?? {}
    const live = { data: this.configMaps.get(name) ?? {}, binaryData: this.binaryData.get(name) }
    if (contentDigest(live) === contentDigest({ data, binaryData })) return Promise.resolve('unchanged')
    this.configMaps.set(name, data)
    this.binaryData.set(name, binaryData)
    return Promise.resolve('written')
  }
}

export class FakeStore implements RecordStore {
  memory: Memory = { latest: undefined, knownGood: undefined }
  past: History = { releases: [], bad: [], runbook: undefined }
  readonly saved: DeploymentRecord[] = []

  load(): Promise<Memory> {
    return Promise.resolve(this.memory)
  }

  save(record: DeploymentRecord): Promise<void> {
    this.saved.push(record)
    this.memory = { ...this.memory, latest: record }
    return Promise.resolve()
  }

  history(): Promise<History> {
    return Promise.resolve(this.past)
  }

  saveGood(record: DeploymentRecord, release: Omit<Release, 'runbook' | 'migrations'>): Promise<void> {
    this.memory = { ...this.memory, knownGood: release.good }
    this.past = {
      ...this.past,
      releases: withRelease(this.past.releases, {
        ...release,
        ...(record.migrations && { migrations: record.migrations }),
      }),
    }
    return this.save(record)
  }

  saveRollback(record: DeploymentRecord, { good, bad }: RollbackEnd): Promise<void> {
    if (good !== undefined) this.memory = { ...this.memory, knownGood: good }
    if (bad !== undefined) this.past = { ...this.past, bad: withBad(this.past.bad, bad) }
    return this.save(record)
  }
}

/** What runs in the fixture, as a release. */
export function goodRelease(version: string, cluster: FakeCluster): KnownGood {
  return {
    recordId: `kafka-pipeline/production/${version}/1-1`,
    version,
    commit: 'c0ffee',
    at: '2026-11-20T10:00:00.000Z',
    components: [...cluster.states].map(([deployment, state]) => ({
      deployment,
      container: deployment,
      image: containersOf(state.deployment)[0]?.image ?? '',
      digest: digestB,
      pods: state.pods.length,
    })),
  }
}
