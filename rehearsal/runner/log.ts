import { z } from 'zod'
import type { Masks } from './masks.ts'

/** A job as the log names it. `name` is GitHub's: `deploy / Plan` for job Plan of the workflow that job deploy calls. */
export interface JobReference {
  id: string
  name: string
}

/** A step of a job. `id` is its `id:`, or its index; steps inside a composite action count as the action's. */
export interface StepReference {
  id: string
  name: string
  stage: string
}

export type JobConclusion = 'success' | 'failure' | 'cancelled' | 'skipped'

/** One thing that happened in a run. All text has passed the masks. */
export type RunEvent =
  | { type: 'job-started'; job: JobReference }
  | { type: 'job-finished'; job: JobReference; result: JobConclusion; outputs: Record<string, string> }
  | { type: 'call-finished'; job: JobReference; result: JobConclusion | ''; outputs: Record<string, string> }
  | { type: 'step-started'; job: JobReference; step: StepReference }
  | {
      type: 'step-finished'
      job: JobReference
      step: StepReference
      outcome: 'success' | 'failure' | 'skipped'
      durationMs: number
    }
  | { type: 'output'; job: JobReference; step: StepReference; name: string; value: string }
  | { type: 'summary'; job: JobReference; step: StepReference; content: string }
  | ({ type: 'annotation'; job: JobReference } & Annotation)
  /** A line that a step printed. */
  | { type: 'line'; job: JobReference; step: StepReference; text: string }
  /** What the runner says about itself, and every line that is none of the above. */
  | { type: 'runner'; job: JobReference | undefined; text: string }

export interface Annotation {
  level: 'notice' | 'warning' | 'error'
  title: string | undefined
  message: string
  file: string | undefined
  line: number | undefined
}

const jobResult = z.enum(['success', 'failure', 'cancelled', 'skipped'])
const outputs = z.record(z.string(), z.string()).nullish()

/** The fields of act's JSON lines that we read. Which are there depends on what the line says. */
const lineSchema = z.looseObject({
  msg: z.string(),
  job: z.string().optional(),
  jobID: z.string().optional(),
  step: z.string().optional(),
  stepID: z.array(z.string()).optional(),
  /** Of the runner's own steps: `--setup-job`, `--complete-job`. */
  stepid: z.array(z.string()).optional(),
  stage: z.string().optional(),
  stepResult: z.enum(['success', 'failure', 'skipped']).optional(),
  executionTime: z.number().optional(),
  jobResult: jobResult.optional(),
  callResult: jobResult.or(z.literal('')).optional(),
  jobOutputs: outputs,
  command: z.string().optional(),
  name: z.string().optional(),
  arg: z.string().optional(),
  kvPairs: z.record(z.string(), z.string()).nullish(),
  content: z.string().optional(),
  raw_output: z.boolean().optional(),
})
type Line = z.infer<typeof lineSchema>

/**
 * Reads one line of act's standard output (`--json`). Nothing for a line that must not be kept: `add-mask` holds a
 * secret in clear, which goes to the masks only. A line that is not understood is kept as the runner's own.
 */
export function parseLine(text: string, masks: Masks): RunEvent | undefined {
  const json = parseJson(text)
  const mask = z.object({ command: z.literal('add-mask'), arg: z.string() }).safeParse(json)
  if (mask.success) {
    masks.add(mask.data.arg)
    return undefined
  }
  const line = lineSchema.safeParse(masks.applyTo(json))
  if (!line.success) return text.trim() === '' ? undefined : runnerLine(undefined, masks.apply(text))
  return eventOf(line.data)
}

/** Text that is not from a step. */
export function runnerLine(job: JobReference | undefined, text: string): RunEvent {
  return { type: 'runner', job, text: text.trimEnd() }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function eventOf(line: Line): RunEvent {
  if (line.jobID === undefined) return runnerLine(undefined, line.msg)
  // names are padded to the same width
  const job = { id: line.jobID, name: (line.job ?? line.jobID).trim() }
  if (line.jobResult) {
    return { type: 'job-finished', job, result: line.jobResult, outputs: line.jobOutputs ?? {} }
  }
  if (line.callResult !== undefined) {
    return { type: 'call-finished', job, result: line.callResult, outputs: line.jobOutputs ?? {} }
  }
  if (line.stepid?.[0] === '--setup-job' && line.msg.endsWith('Run Set up job')) {
    return { type: 'job-started', job }
  }
  const level = annotationLevel.safeParse(line.command)
  if (level.success) return { type: 'annotation', job, level: level.data, ...annotationOf(line) }
  return stepEventOf(job, line) ?? runnerLine(job, line.msg)
}

function stepEventOf(job: JobReference, line: Line): RunEvent | undefined {
  const id = line.stepID?.[0]
  if (id === undefined) return undefined
  const isInsideComposite = line.stepID !== undefined && line.stepID.length > 1
  // a step without a name has its whole script for one
  const [name = id] = (line.step ?? id).split('\n')
  const step = { id, name, stage: line.stage ?? 'Main' }
  if (line.raw_output) return { type: 'line', job, step, text: line.msg.replace(/\r?\n$/, '') }
  if (line.command === 'summary') return { type: 'summary', job, step, content: line.content ?? '' }
  if (isInsideComposite) return undefined
  if (line.command === 'set-output' && line.name !== undefined) {
    return { type: 'output', job, step, name: line.name, value: line.arg ?? '' }
  }
  if (line.stepResult) {
    const durationMs = (line.executionTime ?? 0) / 1e6
    return { type: 'step-finished', job, step, outcome: line.stepResult, durationMs }
  }
  if (line.msg.startsWith('⭐ Run ')) return { type: 'step-started', job, step }
  return undefined
}

const annotationLevel = z.enum(['notice', 'warning', 'error'])

function annotationOf(line: Line): Omit<Annotation, 'level'> {
  const properties = line.kvPairs ?? {}
  return {
    title: properties.title,
    message: line.arg ?? line.msg,
    file: properties.file,
    line: properties.line === undefined ? undefined : Number(properties.line),
  }
}
