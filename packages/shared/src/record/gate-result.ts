import * as z from 'zod'
import { verdicts } from '../decide/verdict.ts'

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
  /** What shows it: a line each, most telling first. */
  evidence: z.array(z.string()),
  /** How to ask the same question by hand. */
  query: z.string().optional(),
  at: z.iso.datetime(),
  tookMs: z.number().nonnegative(),
})

export type GateResult = z.infer<typeof gateResultSchema>
