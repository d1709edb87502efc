import * as z from 'zod'
import { verdicts } from '../decide/verdict.ts'

/** What a gate measured over time, at equal steps; `null` where nothing was measured. */
export const gateHistorySchema = z.strictObject({
  from: z.iso.datetime(),
  stepMs: z.number().positive(),
  values: z.array(z.number().nullable()),
  /** What the values are counted in: `messages`, `%`, `s`, `per minute`, `state`. */
  unit: z.string(),
  /** The limit in the same unit, for the line in the chart. */
  limit: z.number().optional(),
  /** Where \`values\` are the worst of several, such as consumer groups: the same of each, by its name. */
  each: z.record(z.string(), z.array(z.number().nullable())).optional(),
})

/** What was normal before the deployment: the median, and how far it usually is from it (median absolute deviation). */
export const baselineSchema = z.strictObject({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  median: z.number(),
  mad: z.number().nonnegative(),
  /** The worst level that chance may hide behind the numbers, where it was counted. */
  worst: z.number().optional(),
  /** How much more than by chance counts varied from step to step: 1 where they did not, and where that is not known. */
  dispersion: z.number().min(1).optional(),
  /** Points that it was taken from. */
  points: z.number().int().positive(),
  /** What the numbers are counted in, as in a history. */
  unit: z.string(),
  /** Where it was read. */
  source: z.string(),
  /** Where it is of the worst of several, such as consumer groups: the same of each, by its name. */
  each: z
    .record(
      z.string(),
      z.strictObject({
        median: z.number(),
        mad: z.number().nonnegative(),
        points: z.number().int().positive(),
      }),
    )
    .optional(),
})

/** A line of the ticket's checklist; who ticked it and when, where a person has. */
export const checklistAnswerSchema = z.strictObject({
  line: z.string(),
  by: z.string().optional(),
  at: z.iso.datetime().optional(),
  /** What a person has written behind it. */
  note: z.string().optional(),
})

/** One answered question, as the record and the summaries keep it. */
export const gateResultSchema = z.strictObject({
  /** The gate's name in the registry, such as `production-healthy`. */
  gate: z.string(),
  /** The runbook's line that this answers, in its words. */
  question: z.string(),
  verdict: z.enum(verdicts),
  /** The answer in one sentence. */
  answer: z.string(),
  /** What was measured and what it is held against, where there is a number. */
  value: z.string().optional(),
  limit: z.string().optional(),
  /** The value before the deployment, where there is a baseline. */
  before: z.string().optional(),
  /** Measured in preflight, for the gates that compare with it after the rollout. */
  baseline: baselineSchema.optional(),
  history: gateHistorySchema.optional(),
  /** The rollback trigger that held, in one sentence. */
  trigger: z.string().optional(),
  /** Nothing could be measured where it was asked, however often: a variable of the runbook file has no value there. */
  isLasting: z.literal(true).optional(),
  /** Enough was measured, and what reaches the limit may be chance. */
  mayBeChance: z.literal(true).optional(),
  /** What people answered, where they are asked. */
  checklist: z.array(checklistAnswerSchema).optional(),
  /** What shows it: a line each, most telling first. */
  evidence: z.array(z.string()),
  /** How to ask the same question by hand. */
  query: z.string().optional(),
  at: z.iso.datetime(),
  tookMs: z.number().nonnegative(),
})

export type GateResult = z.infer<typeof gateResultSchema>
export type ChecklistAnswer = z.infer<typeof checklistAnswerSchema>
export type GateHistory = z.infer<typeof gateHistorySchema>
export type Baseline = z.infer<typeof baselineSchema>
