import type { Clock } from '../ports.ts'
import type { Run } from '../record/schema.ts'
import type { RunFacts } from './environment.ts'

const terminalPrefix = 'local-'

/**
 * Who and what deploys, for the record. In a terminal there is no run: the time stands for its number, and the
 * person at the keyboard for its actor.
 */
export function runIdentity(facts: RunFacts, clock: Clock, terminalUser: string | undefined): Run {
  return {
    id: facts.id ?? `${terminalPrefix}${clock.now().getTime()}`,
    attempt: String(facts.attempt ?? 1),
    url: facts.url ?? 'a terminal, without a run',
    actor: facts.triggeringActor ?? facts.actor ?? terminalUser ?? 'unknown',
  }
}

/** Whether it is a run of its own in a terminal: no job follows it. */
export function isTerminalRun({ id }: Run): boolean {
  return id.startsWith(terminalPrefix)
}
