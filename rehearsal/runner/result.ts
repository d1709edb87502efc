import type { Annotation, JobConclusion, JobReference, RunEvent, StepReference } from './log.ts'

/** How a step ended, its `post:` aside. */
export interface StepResult {
  id: string
  name: string
  /** A step that was cancelled, or did not end, has failed. */
  outcome: 'success' | 'failure' | 'skipped'
  durationMs: number
  outputs: Record<string, string>
}

/** A job that ran or was skipped. */
export interface JobResult extends JobReference {
  /** A job that began and did not end has failed: its runner was lost. */
  result: JobConclusion
  steps: StepResult[]
  /** What `needs.<job>.outputs` holds. */
  outputs: Record<string, string>
  /** The step summaries in their order. */
  summaries: string[]
  annotations: Annotation[]
}

/** What is known of a run, put together event by event. */
export class RunRecord {
  readonly #jobs = new Map<string, JobResult & { ended: boolean }>()
  readonly #log: string[] = []
  /** Outputs of called workflows, by the id of the calling job. */
  readonly outputs: Record<string, Record<string, string>> = {}

  add(event: RunEvent): void {
    this.#log.push(logLine(event))
    switch (event.type) {
      case 'job-started':
        this.#job(event.job)
        break
      case 'job-finished':
        Object.assign(this.#job(event.job), { result: event.result, outputs: event.outputs, ended: true })
        break
      case 'call-finished':
        this.outputs[event.job.id] = event.outputs
        break
      case 'step-started':
        if (event.step.stage === 'Main') this.#step(event.job, event.step)
        break
      case 'step-finished':
        if (event.step.stage === 'Main') {
          const { outcome, durationMs } = event
          Object.assign(this.#step(event.job, event.step), { outcome, durationMs })
        }
        break
      case 'output':
        this.#step(event.job, event.step).outputs[event.name] = event.value
        break
      case 'annotation': {
        const { level, title, message, file, line } = event
        this.#job(event.job).annotations.push({ level, title, message, file, line })
        break
      }
      case 'summary':
        this.#job(event.job).summaries.push(event.content)
    }
  }

  /** Jobs in the order in which they began. */
  get jobs(): JobResult[] {
    return [...this.#jobs.values()].map(({ ended, ...job }) => (ended ? job : { ...job, result: 'failure' }))
  }

  /** The whole log, a line each, with the job's name in front. */
  get log(): string {
    return this.#log.filter((line) => line !== '').join('\n')
  }

  #job(reference: JobReference): JobResult & { ended: boolean } {
    const known = this.#jobs.get(reference.name)
    if (known) return known
    const job = {
      ...reference,
      result: 'failure' as const,
      steps: [],
      outputs: {},
      summaries: [],
      annotations: [],
      ended: false,
    }
    this.#jobs.set(reference.name, job)
    return job
  }

  #step(job: JobReference, { id, name }: StepReference): StepResult {
    const { steps } = this.#job(job)
    const known = steps.find((step) => step.id === id)
    if (known) return known
    const step: StepResult = { id, name, outcome: 'failure', durationMs: 0, outputs: {} }
    steps.push(step)
    return step
  }
}

function logLine(event: RunEvent): string {
  const job = event.job ? `${event.job.name}: ` : ''
  switch (event.type) {
    case 'line':
      return `${job}${event.text}`
    case 'runner':
      return `${job}[runner] ${event.text}`
    case 'annotation':
      return `${job}[${event.level}] ${event.title ? `${event.title}: ` : ''}${event.message}`
    case 'job-started':
      return `${job}[job started]`
    case 'job-finished':
    case 'call-finished':
      return `${job}[${event.type === 'job-finished' ? 'job' : 'called workflow'} ${event.result}]`
    case 'step-started':
      return `${job}[step ${event.step.stage} ${event.step.name}]`
    case 'step-finished':
      return `${job}[step ${event.step.stage} ${event.step.name}: ${event.outcome}, ${event.durationMs.toFixed(0)} ms]`
    case 'output':
      return `${job}[output ${event.name}=${event.value}]`
    case 'summary':
      return `${job}[summary] ${event.content}`
  }
}
