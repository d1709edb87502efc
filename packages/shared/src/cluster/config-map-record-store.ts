import { UserError } from '../errors.ts'
import { knownGoodSchema, type DeploymentRecord, type KnownGood } from '../record/schema.ts'
import type { Memory, RecordStore } from '../record/store.ts'
import { fitRecord } from '../record/fit.ts'
import { readRecord, writeRecord } from '../record/text.ts'
import type { KubernetesApi } from './api.ts'
import { AmbiguousWrite, ApiError } from './api-error.ts'
import { configMaps, type Wire } from './resources.ts'
import type { V1ConfigMap } from '@kubernetes/client-node'

type ConfigMap = Wire<V1ConfigMap>

const latestKey = 'record.json'
const knownGoodKey = 'known-good.json'
/** The most that the API server takes as the data of one ConfigMap. */
const limitBytes = 1 << 20

/** A record in a ConfigMap of the environment's own namespace, one per pipeline and environment. */
export class ConfigMapRecordStore implements RecordStore {
  readonly #api: KubernetesApi
  readonly #namespace: string
  readonly #pipeline: string
  readonly #environment: string
  /** What was last read or written: a write insists on it. */
  #current: ConfigMap | undefined

  constructor(api: KubernetesApi, place: { namespace: string; pipeline: string; environment: string }) {
    this.#api = api
    this.#namespace = place.namespace
    this.#pipeline = place.pipeline
    this.#environment = place.environment
  }

  /** The ConfigMap's name, for messages and for people who look. */
  get name(): string {
    return `runbook-record-${this.#pipeline}-${this.#environment}`
  }

  async load(signal?: AbortSignal): Promise<Memory> {
    this.#current = await this.#api.find(configMaps, this.#namespace, this.name, { signal })
    const { [latestKey]: latest, [knownGoodKey]: good } = this.#current?.data ?? {}
    return {
      latest: latest === undefined ? undefined : readRecord(latest, `ConfigMap ${this.name}`),
      knownGood: good === undefined ? undefined : this.#readGood(good),
    }
  }

  async save(record: DeploymentRecord, signal?: AbortSignal): Promise<void> {
    await this.#write(record, {}, signal)
  }

  async saveGood(record: DeploymentRecord, good: KnownGood, signal?: AbortSignal): Promise<void> {
    await this.#write(record, { [knownGoodKey]: JSON.stringify(good) }, signal)
  }

  #readGood(text: string): KnownGood {
    try {
      return knownGoodSchema.parse(JSON.parse(text))
    } catch (cause) {
      throw new UserError(
        `What ConfigMap ${this.name} says of the last good release cannot be read.`,
        `It was changed by hand. Mend or remove its key ${knownGoodKey}; without it the next deployment needs first-deployment-class.`,
        { cause },
      )
    }
  }

  async #write(
    record: DeploymentRecord,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      this.#current = await this.#put(record, more, signal)
    } catch (error) {
      if (!isContested(error)) throw error
      const { latest } = await this.load(signal)
      // A write of this very deployment whose answer never came, as when the run is cancelled meanwhile.
      if (latest?.id !== record.id) throw this.#raced(record.id, latest)
      this.#current = await this.#put(record, more, signal)
    }
  }

  #put(
    record: DeploymentRecord,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<ConfigMap> {
    const kept = { ...this.#current?.data, ...more }
    const takenBytes = Object.entries(kept)
      .filter(([key]) => key !== latestKey)
      .reduce((sum, [key, text]) => sum + Buffer.byteLength(key) + Buffer.byteLength(text), 0)
    const room = limitBytes - takenBytes - Buffer.byteLength(latestKey)
    const data = { ...kept, [latestKey]: writeRecord(fitRecord(record, room)) }
    if (this.#current === undefined)
      return this.#api.create(configMaps, this.#namespace, { metadata: this.#metadata(), data }, { signal })
    return this.#api.replace(configMaps, this.#namespace, this.name, { ...this.#current, data }, { signal })
  }

  /** Says who came first. */
  #raced(by: string, latest: DeploymentRecord | undefined): UserError {
    return new UserError(
      `The record of ${this.#environment} was written by another deployment (${latest?.id ?? 'unknown'}) while ${by} was running.`,
      'Only one deployment may run at a time: see what the other one did, then run this one again.',
    )
  }

  #metadata(): NonNullable<ConfigMap['metadata']> {
    return {
      name: this.name,
      labels: {
        'app.kubernetes.io/managed-by': 'runbook-actions',
        'runbook-actions.io/pipeline': this.#pipeline,
        'runbook-actions.io/environment': this.#environment,
      },
    }
  }
}

/** Somebody wrote since it was read, or this write may have been executed already. */
function isContested(error: unknown): boolean {
  if (error instanceof AmbiguousWrite) return true
  return error instanceof ApiError && (error.isConflict || error.isAlreadyExists)
}
