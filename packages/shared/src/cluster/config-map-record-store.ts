import * as z from 'zod'
import { UserError } from '../errors.ts'
import {
  badReleaseSchema,
  fitReleases,
  releaseSchema,
  withBad,
  withoutBad,
  withRelease,
  type History,
  type Release,
} from '../record/release.ts'
import { knownGoodSchema, type DeploymentRecord } from '../record/schema.ts'
import type { Memory, RecordStore, RollbackEnd } from '../record/store.ts'
import { fitRecord } from '../record/fit.ts'
import { readRecord, writeRecord } from '../record/text.ts'
import type { KubernetesApi } from './api.ts'
import { AmbiguousWrite, ApiError } from './api-error.ts'
import { configMaps, type Wire } from './resources.ts'
import type { V1ConfigMap } from '@kubernetes/client-node'

type ConfigMap = Wire<V1ConfigMap>

const latestKey = 'record.json'
const knownGoodKey = 'known-good.json'
const releasesKey = 'releases.json'
const badKey = 'bad.json'
const runbookKey = 'runbook.yaml'
/** The room that old releases may take from the record. */
const releasesBytes = 400 << 10
/** The most that the API server takes as the data of one ConfigMap. */
const limitBytes = 1 << 20

type Data = Readonly<Record<string, string>>

const firstDeployment = 'without it the next deployment needs first-deployment-class.'
const forgotten = 'without it what it told is forgotten, and nothing else.'

/** A record in a ConfigMap of the environment's own namespace, one per pipeline and environment. */
export class ConfigMapRecordStore implements RecordStore {
  readonly #api: KubernetesApi
  readonly #namespace: string
  readonly #pipeline: string
  readonly #environment: string
  readonly #runbook: string | undefined
  /** What was last read or written: a write insists on it. */
  #current: ConfigMap | undefined

  /** @param runbook the text of the runbook file that this deployment works by; what is recorded stays where it is absent */
  constructor(
    api: KubernetesApi,
    place: { namespace: string; pipeline: string; environment: string },
    runbook?: string,
  ) {
    this.#api = api
    this.#runbook = runbook
    this.#namespace = place.namespace
    this.#pipeline = place.pipeline
    this.#environment = place.environment
  }

  /** The ConfigMap's name, for messages and for people who look. */
  get name(): string {
    return `runbook-record-${this.#pipeline}-${this.#environment}`
  }

  async load(signal?: AbortSignal): Promise<Memory> {
    this.#current = await this.#read(signal)
    const { [latestKey]: latest, [knownGoodKey]: good } = this.#current?.data ?? {}
    return {
      latest: latest === undefined ? undefined : readRecord(latest, `ConfigMap ${this.name}`),
      knownGood:
        good === undefined ? undefined : this.#parse(knownGoodKey, good, knownGoodSchema, firstDeployment),
    }
  }

  #read(signal: AbortSignal | undefined): Promise<ConfigMap | undefined> {
    return this.#api.find(configMaps, this.#namespace, this.name, { signal })
  }

  async history(signal?: AbortSignal): Promise<History> {
    this.#current ??= await this.#read(signal)
    return this.#history()
  }

  async save(record: DeploymentRecord, signal?: AbortSignal): Promise<void> {
    await this.#write(record, () => ({}), signal)
  }

  async saveGood(
    record: DeploymentRecord,
    { good, state }: Omit<Release, 'runbook' | 'migrations'>,
    signal?: AbortSignal,
  ): Promise<void> {
    const more = (): Data => {
      const { releases, bad } = this.#history()
      const runbook = this.#runbook
      const { migrations } = record
      const release = {
        good,
        state,
        ...(runbook !== undefined && { runbook }),
        ...(migrations !== undefined && { migrations }),
      }
      return {
        [knownGoodKey]: JSON.stringify(good),
        [releasesKey]: JSON.stringify(fitReleases(withRelease(releases, release), releasesBytes)),
        [badKey]: JSON.stringify(withoutBad(bad, good.version)),
      }
    }
    await this.#write(record, more, signal)
  }

  async saveRollback(
    record: DeploymentRecord,
    { good, bad }: RollbackEnd,
    signal?: AbortSignal,
  ): Promise<void> {
    const more = (): Data => ({
      ...(good !== undefined && { [knownGoodKey]: JSON.stringify(good) }),
      ...(bad !== undefined && { [badKey]: JSON.stringify(withBad(this.#history().bad, bad)) }),
    })
    await this.#write(record, more, signal)
  }

  #history(): History {
    const data = this.#current?.data ?? {}
    const list = <T>(key: string, schema: z.ZodType<T>): T[] => {
      const text = data[key]
      return text === undefined ? [] : this.#parse(key, text, z.array(schema), forgotten)
    }
    return {
      releases: list(releasesKey, releaseSchema),
      bad: list(badKey, badReleaseSchema),
      runbook: data[runbookKey],
    }
  }

  /** @param without what it means to remove the key, for whoever cannot mend it */
  #parse<T>(key: string, text: string, schema: z.ZodType<T>, without: string): T {
    try {
      return schema.parse(JSON.parse(text))
    } catch (cause) {
      throw new UserError(
        `What ConfigMap ${this.name} says under ${key} cannot be read.`,
        `It was changed by hand, or written by another version of the suite. Mend or remove the key; ${without}`,
        { cause },
      )
    }
  }

  async #write(record: DeploymentRecord, more: () => Data, signal: AbortSignal | undefined): Promise<void> {
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

  #put(record: DeploymentRecord, more: () => Data, signal: AbortSignal | undefined): Promise<ConfigMap> {
    const runbook = this.#runbook
    const kept = {
      ...this.#current?.data,
      ...more(),
      ...(runbook !== undefined && { [runbookKey]: runbook }),
    }
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
