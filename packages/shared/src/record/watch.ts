import type { WatchState } from '../decide/watch.ts'
import type { DeploymentRecord, TroubleSpan, Watch } from './schema.ts'

const isoOf = (ms: number): string => new Date(ms).toISOString()

/** The times without a good answer, as the record keeps them: those that are over first. */
export function troublesOf({ troubles, healed }: WatchState): TroubleSpan[] {
  return [
    ...healed.map(({ since, until, ...rest }) => ({ ...rest, since: isoOf(since), until: isoOf(until) })),
    ...[...troubles].map(([gate, { since, ...rest }]) => ({ gate, ...rest, since: isoOf(since) })),
  ]
}

/** What a watch remembered, from the record: another process goes on where the one before it ended. */
export function watchStateOf({ lookedAt, troubles }: Watch): WatchState {
  const spans = troubles.map(({ since, until, ...rest }) => ({
    ...rest,
    since: Date.parse(since),
    until: until === undefined ? undefined : Date.parse(until),
  }))
  return {
    lookedAt: Date.parse(lookedAt),
    troubles: new Map(
      spans.filter(({ until }) => until === undefined).map(({ gate, until: _, ...open }) => [gate, open]),
    ),
    healed: spans.flatMap(({ until, ...span }) => (until === undefined ? [] : [{ ...span, until }])),
  }
}

/** Whether the release serves its users and was watched to the end: only then it is tagged and called a success. */
export function isLive({ phases }: Pick<DeploymentRecord, 'phases'>): boolean {
  const last = phases.findLast(({ phase }) => phase !== 'finish')
  return last?.phase === 'important' && last.outcome === 'passed'
}
