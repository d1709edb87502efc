import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import { verdictSigns } from '@runbook-actions/shared/report/gate-table.ts'

/** One line for each gate at each look; the evidence follows where the verdict has become another one that is not good. */
export function logLook(
  results: readonly GateResult[],
  before: readonly GateResult[],
  at: Date,
  log: Logger,
): void {
  const earlier = new Map(before.map(({ gate, verdict }) => [gate, verdict]))
  const time = at.toISOString().slice(11, 19)
  for (const { gate, verdict, answer, value, limit, evidence } of results) {
    const numbers = value === undefined ? '' : ` ${value}${limit === undefined ? '' : ` (${limit})`}`
    const isGood = verdict === 'pass' || verdict === 'skipped'
    log.info(`${time} ${verdictSigns[verdict]} ${gate}:${numbers}${isGood ? '' : ` ${verdict}: ${answer}`}`)
    if (isGood || earlier.get(gate) === verdict) continue
    for (const line of evidence) log.info(`   ${line}`)
  }
}
