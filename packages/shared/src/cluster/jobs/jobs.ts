import { randomBytes } from 'node:crypto'
import type { V1Job, V1JobSpec, V1Pod } from '@kubernetes/client-node'
import { messageOf, UserError } from '../../errors.ts'
import type { Logger } from '../../ports.ts'
import { abortable } from '../abortable.ts'
import type { KubernetesApi } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { cleanLog, type Redact } from '../clean-log.ts'
import { configMaps, jobs, pods, type Wire } from '../resources.ts'
import { follow } from '../watch.ts'
import { LineTooLong, linesOf } from './log-lines.ts'
import { podEnd, podStart, type PodEnd } from './pod-start.ts'

/** Whose Jobs they are: the next run finds by this what one that was killed has left. */
export interface JobOwner {
  readonly pipeline: string
  readonly environment: string
  /** The id of the run; all its jobs and attempts have it. */
  readonly run: string
}

/** What shall run. */
export interface JobRequest {
  /** What the Job is for, in its name and as its label: `lag`. */
  readonly purpose: string
  /** @param configMap the name of the ConfigMap that holds `files` */
  readonly spec: (configMap: string, labels: Readonly<Record<string, string>>) => Wire<V1JobSpec>
  readonly files: Readonly<Record<string, string>>
  /** How long it may take until its container runs, image pull included. */
  readonly startWithinMs: number
}

/** A Job that runs and writes lines. */
export interface RunningJob {
  readonly name: string
  /**
   * What it writes, until it ends or the connection does.
   *
   * @throws UserError where a line is too long
   */
  lines(signal: AbortSignal): AsyncGenerator<string>
  /** How it has ended, with the last line of its log; `gone` where its pod was deleted. */
  end(signal: AbortSignal): Promise<PodEnd | 'running' | 'gone'>
  /** Deletes it; its pod and its ConfigMap go with it. Never rejects: Kubernetes deletes it later by itself. */
  remove(): Promise<void>
}

/** The Jobs of a run in one namespace. */
export interface Jobs {
  readonly namespace: string
  /**
   * Runs a Job, after it has deleted what earlier runs left of the same purpose.
   *
   * @throws UserError where it cannot start, told apart: image, Secret, no node, no pod, time
   */
  start(request: JobRequest, signal: AbortSignal): Promise<RunningJob>
}

const label = {
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  pipeline: 'runbook-actions.io/pipeline',
  environment: 'runbook-actions.io/environment',
  run: 'runbook-actions.io/run',
} as const
/** Kubernetes puts it on the pods of a Job. */
const jobName = 'batch.kubernetes.io/job-name'

/** No reader writes more than that at once. */
const longestLine = 8 * 1024 * 1024
/** How long deleting may take, also of a run that was cancelled. */
const removeMs = 5_000
const lastLines = 5
const lastLogBytes = 64 * 1024

export class KubernetesJobs implements Jobs {
  readonly namespace: string
  readonly #api: KubernetesApi
  readonly #owner: JobOwner
  readonly #redact: Redact
  readonly #log: Pick<Logger, 'info' | 'debug'>

  /** @param redact hides what is secret in the logs of containers */
  constructor(
    api: KubernetesApi,
    namespace: string,
    owner: JobOwner,
    { redact, log }: { readonly redact: Redact; readonly log: Pick<Logger, 'info' | 'debug'> },
  ) {
    this.#api = api
    this.namespace = namespace
    this.#owner = owner
    this.#redact = redact
    this.#log = log
  }

  async start(request: JobRequest, signal: AbortSignal): Promise<RunningJob> {
    const { purpose, files, startWithinMs } = request
    if (this.#api.isDryRun) {
      throw new UserError(
        'In a dry run no Job is started in the cluster.',
        'Ask without the dry run, or by hand inside the cluster.',
      )
    }
    await this.#removeLeftovers(purpose, signal)
    const { pipeline, environment, run } = this.#owner
    // A name of its own: two runs must never share a Job, nor delete that of the other.
    const name = `runbook-${purpose}-${pipeline.slice(0, 30)}-${randomBytes(4).toString('hex')}`
    const labels = {
      [label.managedBy]: 'runbook-actions',
      [label.component]: component(purpose),
      [label.pipeline]: pipeline,
      [label.environment]: environment,
      [label.run]: run.slice(0, 63),
    }
    const remove = (): Promise<void> => this.#remove(name)
    try {
      const job = await this.#api.create(
        jobs,
        this.namespace,
        { metadata: { name, labels }, spec: request.spec(name, labels) },
        { signal },
      )
      // It belongs to its Job: whoever deletes that, also Kubernetes after its time, has deleted both.
      const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: job.metadata?.uid ?? '' }
      await this.#api.create(
        configMaps,
        this.namespace,
        { metadata: { name, labels, ownerReferences: [owner] }, data: { ...files }, immutable: true },
        { signal },
      )
      const pod = await this.#started(name, startWithinMs, signal)
      return {
        name,
        lines: (reading) => this.#lines(pod, reading),
        end: (reading) => this.#end(pod, reading),
        remove,
      }
    } catch (error) {
      await remove()
      throw error
    }
  }

  /** Those of this run, whose process is gone, and those of others that have ended. The others run, and end in time. */
  async #removeLeftovers(purpose: string, signal: AbortSignal): Promise<void> {
    const { pipeline, environment, run } = this.#owner
    const own = {
      [label.component]: component(purpose),
      [label.pipeline]: pipeline,
      [label.environment]: environment,
    }
    const { items } = await this.#api.list(jobs, this.namespace, { labelSelector: selector(own), signal })
    const left = items.filter(
      (job) => job.metadata?.labels?.[label.run] === run.slice(0, 63) || hasEnded(job),
    )
    for (const { metadata } of left) {
      const name = metadata?.name ?? ''
      this.#log.info(`Deleting the Job ${name}, which an earlier process has left.`)
      await this.#remove(name)
    }
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#api.delete(jobs, this.namespace, name, {
        propagation: 'Background',
        signal: AbortSignal.timeout(removeMs),
      })
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return
      this.#log.info(
        `The Job ${name} in ${this.namespace} could not be deleted: ${messageOf(error)} Kubernetes ends and deletes it by itself.`,
      )
    }
  }

  /** The name of the Job's pod, once there is a log of it. */
  async #started(name: string, withinMs: number, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const found = Promise.withResolvers<string>()
    let why = 'it has no pod'
    const look = (pod: Wire<V1Pod>): void => {
      const start = podStart(pod)
      if (start.state === 'started') found.resolve(pod.metadata?.name ?? '')
      else why = start.why
      if (start.state === 'stuck') found.reject(this.#stuck(name, start.why, start.next))
    }
    const stop = new AbortController()
    const late = setTimeout(() => {
      found.reject(this.#late(name, withinMs, why))
    }, withinMs)
    const following = follow(
      this.#api,
      pods,
      this.namespace,
      { labelSelector: selector({ [jobName]: name }) },
      { reset: (items) => items.forEach(look), changed: (_, pod) => look(pod) },
      stop.signal,
    ).catch(found.reject)
    try {
      return await abortable(found.promise, signal)
    } finally {
      clearTimeout(late)
      stop.abort()
      await following
    }
  }

  #stuck(name: string, why: string, next: string): UserError {
    return new UserError(`The Job ${name} in ${this.namespace} does not start: ${this.#clean(why)}.`, next)
  }

  #late(name: string, withinMs: number, why: string): UserError {
    const next =
      why === 'it has no pod'
        ? 'A quota, Pod Security or a service account that does not exist keeps it from being made; allow it, or allow more time: kafka.job.deadline.'
        : 'Mend that, or allow more time: kafka.job.deadline.'
    return new UserError(
      `The Job ${name} in ${this.namespace} has not started within ${withinMs / 1000} s: ${this.#clean(why)}.`,
      next,
    )
  }

  async *#lines(pod: string, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await this.#api.followLog(this.namespace, pod, signal)
    try {
      yield* linesOf(answer.chunks(), longestLine)
    } catch (error) {
      if (!(error instanceof LineTooLong)) throw error
      throw new UserError(
        `What the pod ${pod} writes is not the log of our Job: ${error.message}.`,
        undefined,
        {
          cause: error,
        },
      )
    }
  }

  async #end(pod: string, signal: AbortSignal): Promise<PodEnd | 'running' | 'gone'> {
    const { items } = await this.#api.list(pods, this.namespace, {
      fieldSelector: `metadata.name=${pod}`,
      signal,
    })
    const [found] = items
    if (found === undefined) return 'gone'
    const end = podEnd(found)
    if (end === undefined) return 'running'
    if (end.isSuccess) return end
    const text = await this.#api.logs(this.namespace, pod, {
      tailLines: lastLines,
      limitBytes: lastLogBytes,
      signal,
    })
    const said = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    return { ...end, why: this.#clean([end.why, ...said.slice(-1)].join(': ')) }
  }

  #clean(text: string): string {
    return cleanLog(text, this.#redact).replaceAll('\n', ' ').replace(/\.$/, '')
  }
}

function component(purpose: string): string {
  return `runbook-${purpose}`
}

function selector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

function hasEnded({ status }: Wire<V1Job>): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: holds }) => holds === 'True' && ['Complete', 'Failed'].includes(type),
    ) ?? false
  )
}
