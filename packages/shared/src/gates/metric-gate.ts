import { worst } from '../decide/verdict.ts'
import type { Runbook, Trigger } from '../runbook/schema.ts'
import type { Answer } from './gate.ts'

/** A rollback trigger that must hold for a while. */
export interface SustainedTrigger {
  readonly beyond: number
  readonly forMs: number
}

/** The triggers of a gate that must hold for a while, as the runbook file has them. */
export function sustainedTriggers({ rollback }: Runbook, gate: Trigger['gate']): SustainedTrigger[] {
  return rollback.triggers.flatMap((trigger) =>
    trigger.gate === gate && 'for' in trigger
      ? [{ beyond: 'above' in trigger ? trigger.above : trigger.below, forMs: trigger.for }]
      : [],
  )
}

/** Of two parts of an answer the worse; what the other one says stands in the evidence. */
export function worseOf(...answers: readonly (Answer | undefined)[]): Answer {
  const given = answers.filter((answer) => answer !== undefined)
  const verdict = worst(given.map((answer) => answer.verdict))
  const first = given.find((answer) => answer.verdict === verdict)
  if (first === undefined) return { verdict: 'inconclusive', answer: 'Nothing was measured.' }
  const others = given.filter((answer) => answer !== first)
  const evidence = [
    ...(first.evidence ?? []),
    ...others.flatMap((answer) => [answer.answer, ...(answer.evidence ?? [])]),
  ]
  return evidence.length === 0 ? first : { ...first, evidence }
}
