/** How a phase ended. Only `passed` is green. */
export const outcomes = [
  'passed',
  'blocked',
  'held',
  'triggered',
  'failed',
  'cancelled',
  'rolled-back',
  'rollback-failed',
] as const

export type Outcome = (typeof outcomes)[number]
