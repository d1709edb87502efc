import errors from 'kafkajs/src/protocol/error.js'
import { UserError } from '../errors.ts'

/** What may be over in a moment: a broker that restarts, a leader that moves. Worth another try. */
export class PassingFailure extends Error {
  override readonly name = 'PassingFailure'
  readonly next: string | undefined

  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, options)
    this.next = next
  }
}

/** Kafka's error codes that we tell apart. */
export const code = {
  ok: 0,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  topicNotAuthorized: 29,
  groupNotAuthorized: 30,
  clusterNotAuthorized: 31,
  unsupportedVersion: 35,
  groupIdNotFound: 69,
} as const

/** Leaders and coordinators that move, replicas that catch up, requests that a busy broker gave up. */
const passing: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 13, 14, 15, 16, 56, 72, 74, 75, 76, 78, 88])

/** Whether an error code may be gone in a moment. */
export function isPassing(errorCode: number): boolean {
  return passing.has(errorCode)
}

/** The name that Kafka gives an error code: `NOT_COORDINATOR`. */
export function errorName(errorCode: number): string {
  const known = errors.errorCodes.find((each) => each.code === errorCode)
  return known === undefined ? `error ${errorCode}` : known.type
}

/** Why one partition cannot be read, for people. */
export function whyUnread(errorCode: number, topic: string): string {
  switch (errorCode) {
    case code.unknownTopic:
      return 'the topic or partition does not exist any more'
    case code.topicNotAuthorized:
      return `no permission: allow Describe on Topic ${topic}`
    case code.leaderNotAvailable:
    case code.notLeader:
      return 'it has no leader at the moment'
    default:
      return errorName(errorCode)
  }
}

/** @returns what to throw for an error code that concerns a whole group */
export function groupError(errorCode: number, group: string, principal: string): Error {
  switch (errorCode) {
    case code.groupNotAuthorized:
      return new UserError(
        `${principal} may not read the consumer group ${group}.`,
        `Add an ACL: kafka-acls --add --allow-principal User:… --operation Describe --group ${group}. Its topics need Describe as well.`,
      )
    case code.coordinatorLoading:
    case code.coordinatorNotAvailable:
    case code.notCoordinator:
      return new PassingFailure(
        `The coordinator of the consumer group ${group} is moving (${errorName(errorCode)}).`,
        'Wait until the brokers have settled, then ask again.',
      )
    default: {
      const message = `The offsets of the consumer group ${group} cannot be read: ${errorName(errorCode)}.`
      return isPassing(errorCode) ? new PassingFailure(message) : new UserError(message)
    }
  }
}
