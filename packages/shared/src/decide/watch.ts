import type { Outcome } from './outcome.ts'
import type { Verdict } from './verdict.ts'

/** One gate's answer at one look, as far as the watch decides by it. */
export interface WatchAnswer {
  readonly gate: string
  readonly verdict: Verdict
  readonly answer: string
  /** Why the runbook says to go back at once. */
  readonly trigger?: string | undefined
  /** Enough was measured, and what reaches the limit may be chance: more time tells. */
  readonly mayBeChance?: boolean | undefined
}

/** How long a watch goes on. Times are in milliseconds since the epoch. */
export interface WatchLimits {
  readonly until: number
  /** How long a breached limit, or missing evidence, is waited for. */
  readonly holdMs: number
}

/** Since when a gate has been without a good answer. */
export interface Trouble {
  readonly since: number
  /**
   * `breached`: a limit is shown to be broken. `missing`: nothing, or not enough, was measured. `undecided`: a limit is
   * reached, and that may be by chance.
   */
  readonly kind: 'breached' | 'missing' | 'undecided'
  readonly answer: string
}

/** A time without a good answer that is over. */
export interface Healed extends Trouble {
  readonly gate: string
  readonly until: number
}

/** What a watch remembers from one look to the next. */
export interface WatchState {
  readonly lookedAt: number | undefined
  /** By gate. */
  readonly troubles: ReadonlyMap<string, Trouble>
  readonly healed: readonly Healed[]
}

export const newWatch: WatchState = { lookedAt: undefined, troubles: new Map(), healed: [] }

export type WatchDecision =
  | { readonly do: 'go-on' }
  | {
      readonly do: 'end'
      readonly outcome: Extract<Outcome, 'passed' | 'held' | 'triggered'>
      readonly reason: string
    }

/**
 * Decides after a look whether a watch goes on.
 *
 * A trigger of the runbook ends it at once: go back. A limit that is broken without being a trigger, and evidence that
 * is missing, are waited for, with the triggers still armed: what heals within `holdMs` goes on as a note, what does not
 * ends as `held`, for a person. An outage of what measures thus never ends as if the release were bad. What may be
 * chance has the whole time to show which it is. Nothing passes before its time, or while something is wrong, unknown or
 * undecided at the end of it.
 */
export function decideWatch(
  before: WatchState,
  answers: readonly WatchAnswer[],
  at: number,
  { until, holdMs }: WatchLimits,
): { readonly state: WatchState; readonly decision: WatchDecision } {
  const state = after(before, answers, at)
  const end = (outcome: 'passed' | 'held' | 'triggered', reason: string) =>
    ({ state, decision: { do: 'end', outcome, reason } }) as const

  const triggered = answers.flatMap(({ gate, trigger }) =>
    trigger === undefined ? [] : [`${gate}: ${trigger}`],
  )
  if (triggered.length > 0) return end('triggered', triggered.join(' '))

  // Troubles that take turns must not keep a watch alive for ever: past its time there is one hold for all of them.
  const isLate = at >= until + holdMs
  const expired = [...state.troubles].filter(
    ([, { kind, since }]) => isLate || (kind !== 'undecided' && at - since >= holdMs),
  )
  if (expired.length > 0) {
    return end('held', expired.map(([gate, { answer }]) => `${gate}: ${answer}`).join(' '))
  }
  if (at < until || state.troubles.size > 0) return { state, decision: { do: 'go-on' } }
  return end('passed', '')
}

/** What nobody asked, or nobody could ask, has shown nothing. */
const nothingAsked = 'No gate is watched: nothing is shown.'

function after(before: WatchState, answers: readonly WatchAnswer[], at: number): WatchState {
  const isSilent = answers.every(({ verdict }) => verdict === 'skipped')
  const asked = isSilent ? [{ gate: 'watch', verdict: 'unknown', answer: nothingAsked } as const] : answers
  const troubles = new Map<string, Trouble>()
  for (const { gate, answer, ...rest } of asked) {
    const kind = troubleOf(rest)
    if (kind === undefined) continue
    const earlier = before.troubles.get(gate)
    // What was missing does not count towards a breach, and the other way round: each must hold by itself.
    troubles.set(gate, { since: earlier?.kind === kind ? earlier.since : at, kind, answer })
  }
  const over = [...before.troubles].filter(([gate, { kind }]) => troubles.get(gate)?.kind !== kind)
  return {
    lookedAt: at,
    troubles,
    healed: [...before.healed, ...over.map(([gate, trouble]) => ({ ...trouble, gate, until: at }))],
  }
}

function troubleOf({
  verdict,
  mayBeChance = false,
}: Pick<WatchAnswer, 'verdict' | 'mayBeChance'>): Trouble['kind'] | undefined {
  switch (verdict) {
    case 'fail':
      return 'breached'
    case 'unknown':
      return 'missing'
    case 'inconclusive':
      return mayBeChance ? 'undecided' : 'missing'
    case 'warn':
    case 'pass':
    case 'skipped':
      return undefined
  }
}

/** For how long nothing, or not enough, was known at some gate: times that overlap are counted once. Milliseconds. */
export function unknownMs({ troubles, healed, lookedAt }: WatchState): number {
  const open = [...troubles.values()].map((trouble) => ({ ...trouble, until: lookedAt ?? trouble.since }))
  const spans = [...healed, ...open]
    .filter(({ kind }) => kind === 'missing')
    .toSorted((a, b) => a.since - b.since)
  let total = 0
  let counted = Number.NEGATIVE_INFINITY
  for (const { since, until } of spans) {
    total += Math.max(0, until - Math.max(since, counted))
    counted = Math.max(counted, until)
  }
  return total
}
