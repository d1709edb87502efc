import { UserError } from '../errors.ts'
import { knownGoodSchema, type DeploymentRecord, type KnownGood } from '../record/schema.ts'
import type { Memory, RecordStore } from '../record/store.ts'
import { readRecord, writeRecord } from '../record/text.ts'
import type { KubernetesApi } from './api.ts'
import { ApiError } from './api-error.ts'
import { configMaps, type Wire } from './resources.ts'
import type { V1ConfigMap } from '@kubernetes/client-node'

type ConfigMap = Wire<V1ConfigMap>

const latestKey = 'record.json'
const knownGoodKey = 'known-good.json'

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
    await this.#write({ [latestKey]: writeRecord(record) }, record.id, signal)
  }

  async markGood(good: KnownGood, signal?: AbortSignal): Promise<void> {
    await this.#write({ [knownGoodKey]: JSON.stringify(good) }, good.recordId, signal)
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

  async #write(data: Record<string, string>, by: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      this.#current =
        this.#current === undefined
          ? await this.#api.create(
              configMaps,
              this.#namespace,
              { metadata: this.#metadata(), data },
              { signal },
            )
          : await this.#api.replace(
              configMaps,
              this.#namespace,
              this.name,
              { ...this.#current, data: { ...this.#current.data, ...data } },
              { signal },
            )
    } catch (error) {
      if (error instanceof ApiError && (error.isConflict || error.isAlreadyExists))
        throw await this.#raced(by, signal)
      throw error
    }
  }

  /** Says who came first. */
  async #raced(by: string, signal: AbortSignal | undefined): Promise<UserError> {
    const { latest } = await this.load(signal)
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
