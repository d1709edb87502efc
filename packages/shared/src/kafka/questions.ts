import Encoder from 'kafkajs/src/protocol/encoder.js'
import apiVersionsApi from 'kafkajs/src/protocol/requests/apiVersions/index.js'
import describeGroupsApi from 'kafkajs/src/protocol/requests/describeGroups/index.js'
import findCoordinatorApi from 'kafkajs/src/protocol/requests/findCoordinator/index.js'
import listOffsetsApi from 'kafkajs/src/protocol/requests/listOffsets/index.js'
import metadataApi from 'kafkajs/src/protocol/requests/metadata/index.js'
import offsetFetchAnswer from 'kafkajs/src/protocol/requests/offsetFetch/v4/response.js'
import { kafkajsQuestion, type Question } from './wire-format.ts'

/** Which requests a broker serves. Version 0 is the one that all of them answer. */
export const apiVersions = {
  ...kafkajsQuestion('ApiVersions', 18, apiVersionsApi, {}),
  maxVersion: 0,
}

/** The brokers, and who leads each partition of the topics. Never makes a topic that does not exist. */
export function metadata(topics: readonly string[]) {
  return kafkajsQuestion('Metadata', 3, metadataApi, { topics, allowAutoTopicCreation: false }, 4)
}

/** Which broker keeps the offsets of a group. */
export function findCoordinator(groupId: string) {
  return kafkajsQuestion('FindCoordinator', 10, findCoordinatorApi, { groupId })
}

/**
 * All committed offsets of a group. kafkajs can only ask for named topics: without any it asks for none.
 *
 * A partition that is asked for and has no offset would be −1; asked this way, it is just not there.
 */
export function committedOffsets(
  groupId: string,
): Question<Awaited<ReturnType<typeof offsetFetchAnswer.decode>>> {
  return {
    apiKey: 9,
    apiName: 'OffsetFetch',
    minVersion: 4,
    maxVersion: 4,
    inVersion: () => ({
      flexible: false,
      body: () => Promise.resolve(new Encoder().writeString(groupId).writeNullableArray([]).buffer),
      answer: (body) => offsetFetchAnswer.decode(body),
    }),
  }
}

export const beginningOfLog = -2
export const endOfLog = -1

/** An end of the log of each partition: uncommitted messages of transactions count, as for `kafka-consumer-groups`. */
export function logOffsets(
  partitions: ReadonlyMap<string, readonly number[]>,
  which: typeof beginningOfLog | typeof endOfLog,
) {
  const topics = [...partitions].map(([topic, ids]) => ({
    topic,
    partitions: ids.map((partition) => ({ partition, timestamp: which })),
  }))
  return kafkajsQuestion('ListOffsets', 2, listOffsetsApi, { isolationLevel: 0, topics }, 2)
}

/** State and members of groups of the classic protocol. Any other group is `Dead` here, without an error. */
export function describeClassicGroups(groupIds: readonly string[]) {
  return kafkajsQuestion('DescribeGroups', 15, describeGroupsApi, { groupIds })
}
