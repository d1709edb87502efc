import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'

export type RecoveryDecision =
  | { readonly do: 'wait'; readonly open: readonly GateResult[] }
  | {
      readonly do: 'end'
      /** `recovering`: the lag is above its limit and falls. `not-shown`: nothing is shown to be wrong, nor to be well. */
      readonly how: 'recovered' | 'recovering' | 'not-shown' | 'not-recovered'
      /** What is not well, or not known. */
      readonly open: readonly GateResult[]
    }

/** Whether nothing is wrong, and nothing unknown. */
export function isWell({ verdict }: Pick<GateResult, 'verdict'>): boolean {
  return ['pass', 'warn', 'skipped'].includes(verdict)
}

/**
 * Whether the pipeline is shown to be well after a rollback. The lag that the bad release has left takes its time: above
 * its limit and falling is on the way. What answers nothing until the time is over does not fail a rollback whose pods are
 * all back: an outage of what measures must not look like one of the pipeline. What cannot be asked from here at all, as
 * from a laptop without the password, is not waited for.
 */
export function decideRecovery(answers: readonly GateResult[], isLate: boolean): RecoveryDecision {
  const trend = answers.find(({ gate }) => gate === 'lag-trend')
  const others = answers.filter((answer) => answer !== trend)
  const open = others.filter((answer) => !isWell(answer))
  const isDraining = trend?.verdict === 'pass'
  const wrong = open.filter(({ gate }) => !(gate === 'consumer-lag' && isDraining))
  if (open.length === 0) return { do: 'end', how: 'recovered', open: [] }
  if (wrong.length === 0) return { do: 'end', how: 'recovering', open }
  const mayChange = wrong.filter(({ isLasting = false }) => !isLasting)
  if (!isLate && mayChange.length > 0) return { do: 'wait', open: mayChange }
  const isBroken = wrong.some(({ verdict }) => verdict === 'fail')
  return { do: 'end', how: isBroken ? 'not-recovered' : 'not-shown', open: wrong }
}
