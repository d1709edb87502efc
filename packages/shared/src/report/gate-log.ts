import type { Logger } from '../ports.ts'
import type { GateResult } from '../record/gate-result.ts'
import { verdictSigns } from './gate-table.ts'

/** One line per answer for the live log; what does not pass is followed by its evidence. */
export function logGates(results: readonly GateResult[], log: Logger): void {
  for (const { gate, verdict, answer, evidence } of results) {
    log.info(`${verdictSigns[verdict]} ${gate}: ${verdict}: ${answer}`)
    if (verdict === 'pass' || verdict === 'skipped') continue
    for (const line of evidence) log.info(`   ${line}`)
  }
}
