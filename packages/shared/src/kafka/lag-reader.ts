import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, UserError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { Environment } from '../runbook/template.ts'
import { PassingFailure } from './broker-error.ts'
import { readFromBrokers } from './broker-lag.ts'
import { brokerSettings, type BrokerSettings, type KafkaAccess } from './broker-settings.ts'
import { mskIamToken } from './msk-iam-token.ts'
import { OauthTokens } from './oauth-token.ts'
import {
  readRequest,
  requestVariable,
  writeLine,
  type ReaderLine,
  type ReaderRequest,
} from './reader-protocol.ts'

export interface ReaderPorts {
  /** The request, and what its templates name. */
  readonly variables: Environment
  readonly write: (line: string) => void
  readonly clock: Clock
  /** Ends it between two readings, and in the middle of one. */
  readonly signal: AbortSignal
}

/**
 * What the Job inside the cluster does: reads the groups again and again, and writes a line each time, until its time is
 * over. What cannot be read is a line as well: the next reading may succeed.
 */
export async function readAgainAndAgain({ variables, write, clock, signal }: ReaderPorts): Promise<void> {
  const request = readRequest(variables[requestVariable] ?? '')
  const oauth = new OauthTokens(clock)
  const endAt = performance.now() + request.forMs
  for (;;) {
    const startedAt = performance.now()
    const line = await readOnce(request, { variables, oauth, clock, signal })
    signal.throwIfAborted()
    write(`${writeLine(line)}\n`)
    const nextAt = startedAt + request.everyMs
    if (nextAt >= endAt) return
    await sleep(Math.max(0, nextAt - performance.now()), undefined, { signal })
  }
}

async function readOnce(
  { kafka, groups }: ReaderRequest,
  {
    variables,
    oauth,
    clock,
    signal,
  }: Pick<ReaderPorts, 'variables' | 'clock' | 'signal'> & { readonly oauth: OauthTokens },
): Promise<ReaderLine> {
  try {
    const settings = settingsOf(kafka, variables, oauth, clock)
    const readings = await readFromBrokers(groups, settings, clock, signal)
    return { kind: 'reading', at: clock.now().getTime(), groups: [...readings.values()] }
  } catch (error) {
    return {
      kind: 'failure',
      at: clock.now().getTime(),
      message: messageOf(error),
      next: error instanceof UserError ? error.next : undefined,
      isUnreachable: error instanceof UserError && error.cause instanceof PassingFailure,
    }
  }
}

/** @throws UserError where a Secret of the Job has no value, or one that cannot be used */
function settingsOf(
  kafka: KafkaAccess,
  variables: Environment,
  oauth: OauthTokens,
  clock: Clock,
): BrokerSettings {
  try {
    // Nothing here has a log that a secret could come into: what is written are numbers, names and our own sentences.
    return brokerSettings(kafka, variables, () => undefined, {
      oauth: (asked, signal) => oauth.get(asked, signal),
      mskIam: (region, environment) => mskIamToken(region, environment, clock.now()),
    })
  } catch (error) {
    const next = 'Mend its value in the Secret that kafka.job.secrets names.'
    throw error instanceof UserError ? new UserError(error.message, next, { cause: error }) : error
  }
}
