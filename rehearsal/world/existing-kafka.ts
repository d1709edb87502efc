import { logLevel, type Admin, type ITopicConfig } from 'kafkajs'
import { messageOf, UserError } from '../../packages/shared/src/errors.ts'
import { kafkaClient } from '../kafka/client.ts'
import { environments } from './environment.ts'
import { readersOf, topicsOf } from '../pipeline/topics.ts'

/** What the pipeline needs of a broker. */
export interface PipelineKafka {
  /** Bootstrap servers, as `host:port`. */
  readonly brokers: readonly string[]
  createTopics(topics: ITopicConfig[]): Promise<void>
  /** Takes the broker away; its data stays. */
  stop(): Promise<void>
  /** Brings it back, at the same address. Does nothing where it runs. */
  start(): Promise<void>
}

/** A broker that is given back. */
export interface ExistingKafka extends PipelineKafka {
  /** Deletes the topics that were made, and the pipeline's consumer groups, and nothing else. */
  giveBack(): Promise<void>
}

/**
 * A broker that somebody else started, without TLS and authentication. None of the pipeline's topics may exist there.
 *
 * @throws UserError where it cannot be used
 */
export async function useKafka(brokers: readonly string[]): Promise<ExistingKafka> {
  const administrator = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const options = { clientId: 'rehearsal', brokers: [...brokers], logLevel: logLevel.NOTHING }
    const admin = kafkaClient({ ...options, retry: { retries: 2 } }).admin()
    try {
      await admin.connect()
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }
  const existing = await administrator((admin) => admin.listTopics()).catch((cause: unknown) => {
    throw new UserError(
      `Kafka at ${brokers.join(', ')} does not answer: ${messageOf(cause)}`,
      'Give --kafka as host:port of a listener without TLS and authentication.',
      { cause },
    )
  })
  const ours = environments.flatMap(({ prefix }) => topicsOf(prefix).map(({ topic }) => topic))
  const taken = ours.filter((topic) => existing.includes(topic))
  if (taken.length > 0) {
    throw new UserError(
      `Kafka at ${brokers.join(', ')} has the topics ${taken.join(', ')} already.`,
      'If a rehearsal left them, delete them; else give another Kafka: a rehearsal fills and deletes them.',
    )
  }
  const made: string[] = []
  return {
    brokers,
    async createTopics(topics) {
      made.push(...topics.map(({ topic }) => topic))
      await administrator((admin) => admin.createTopics({ topics, waitForLeaders: true }))
    },
    stop: () =>
      Promise.reject(
        new UserError(
          `Kafka at ${brokers.join(', ')} was started by somebody else: a scenario cannot take it away.`,
          'Leave --kafka out for this scenario.',
        ),
      ),
    start: () => Promise.resolve(), // it runs
    async giveBack() {
      if (made.length === 0) return
      const names = environments.flatMap(({ prefix }) => readersOf(prefix).map(({ group }) => group))
      await administrator(async (admin) => {
        const present = (await admin.listGroups()).groups.map(({ groupId }) => groupId)
        await admin.deleteTopics({ topics: made })
        await admin.deleteGroups(names.filter((name) => present.includes(name)))
      })
    },
  }
}
