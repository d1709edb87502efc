import type { Counted } from '../decide/history.ts'
import type { GateHistory } from '../record/gate-result.ts'
import { humanPercentage } from '../runbook/percentages.ts'

/** Made with the first number: an action that shows none does not load the formats of languages. */
let oneDecimal: Intl.NumberFormat | undefined

/** `12,340`, `0.4`: with at most one decimal. */
export function number(value: number): string {
  oneDecimal ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })
  return oneDecimal.format(value)
}

/** A share as `0.34 %`; what is not nothing never looks like it. */
export function percent(share: number): string {
  return share > 0 && share < 0.0001 ? '< 0.01 %' : humanPercentage(share)
}

/** Seconds as `4.2 s`, `0.035 s`: three digits that count. */
export function seconds(value: number): string {
  return `${Number(value.toPrecision(3))} s`
}

/**
 * Steps as the record keeps them: at equal distances, gaps as null. A step that a gap has made longer stands at its end.
 */
export function historyOf(
  steps: readonly Counted[],
  { unit, limit }: { readonly unit: string; readonly limit?: number },
): GateHistory | undefined {
  const [first, second] = steps
  if (first === undefined) return undefined
  const stepMs = second === undefined ? first.at - first.from : second.at - first.at
  return {
    from: new Date(first.at).toISOString(),
    stepMs: Math.max(1, stepMs),
    values: steps.map(({ value }) => (value === undefined ? null : Number(value.toPrecision(6)))),
    unit,
    ...(limit !== undefined && { limit }),
  }
}
