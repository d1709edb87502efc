// Requests for the groups that kafkajs does not know: of the protocol of KIP-848, share groups, streams groups.
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { skipTaggedFields, type Question } from './wire-format.ts'

export interface ConsumerGroup {
  readonly errorCode: number
  readonly groupId: string
  readonly state: string
  /** Grows with every change of the group. */
  readonly epoch: number
  readonly members: readonly { readonly memberId: string; readonly owned: readonly OwnedTopic[] }[]
}

interface OwnedTopic {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** State and members of groups of the new consumer protocol. */
export function describeConsumerGroups(groupIds: readonly string[]): Question<readonly ConsumerGroup[]> {
  return {
    apiKey: 69,
    apiName: 'ConsumerGroupDescribe',
    minVersion: 0,
    maxVersion: 1,
    inVersion: (version) => ({
      flexible: true,
      body: () => {
        const body = new Encoder()
        writeStrings(body, groupIds)
        // without the operations that we may do on the group
        return Promise.resolve(body.writeBoolean(false).writeUVarInt(0).buffer)
      },
      answer: (body) => {
        const decoder = new Decoder(body)
        decoder.readInt32() // throttle time
        return array(decoder, (each) => readConsumerGroup(each, version))
      },
    }),
  }
}

function readConsumerGroup(decoder: Decoder, version: number): ConsumerGroup {
  const errorCode = decoder.readInt16()
  decoder.readUVarIntString() // error message
  const groupId = decoder.readUVarIntString() ?? ''
  const state = decoder.readUVarIntString() ?? ''
  const epoch = decoder.readInt32()
  decoder.readInt32() // assignment epoch
  decoder.readUVarIntString() // assignor
  const members = array(decoder, (each) => readMember(each, version))
  decoder.readInt32() // operations that we may do
  skipTaggedFields(decoder)
  return { errorCode, groupId, state, epoch, members }
}

function readMember(decoder: Decoder, version: number): ConsumerGroup['members'][number] {
  const memberId = decoder.readUVarIntString() ?? ''
  decoder.readUVarIntString() // instance
  decoder.readUVarIntString() // rack
  decoder.readInt32() // epoch of the member
  decoder.readUVarIntString() // client
  decoder.readUVarIntString() // host
  array(decoder, (each) => each.readUVarIntString()) // subscribed topics
  decoder.readUVarIntString() // subscribed pattern
  const owned = readAssignment(decoder)
  readAssignment(decoder) // what it shall own
  if (version >= 1) decoder.readBytes(1) // kind of member
  skipTaggedFields(decoder)
  return { memberId, owned }
}

function readAssignment(decoder: Decoder): OwnedTopic[] {
  const topics = array(decoder, (each) => {
    each.readBytes(16) // id of the topic
    const topic = each.readUVarIntString() ?? ''
    const partitions = array(each, (item) => item.readInt32())
    skipTaggedFields(each)
    return { topic, partitions }
  })
  skipTaggedFields(decoder)
  return topics
}

export interface ListedGroup {
  readonly groupId: string
  /** `Stable`, `Empty` … */
  readonly state: string
  /** `classic`, `consumer`, `share`, `streams`. */
  readonly type: string
}

/** Every group that a broker keeps, with its kind; only brokers since 3.8 say it. */
export const listGroups: Question<{ readonly errorCode: number; readonly groups: readonly ListedGroup[] }> = {
  apiKey: 16,
  apiName: 'ListGroups',
  minVersion: 5,
  maxVersion: 5,
  inVersion: () => ({
    flexible: true,
    body: () => {
      const body = new Encoder()
      writeStrings(body, []) // any state
      writeStrings(body, []) // any type
      return Promise.resolve(body.writeUVarInt(0).buffer)
    },
    answer: (body) => {
      const decoder = new Decoder(body)
      decoder.readInt32() // throttle time
      const errorCode = decoder.readInt16()
      const groups = array(decoder, (each) => {
        const groupId = each.readUVarIntString() ?? ''
        each.readUVarIntString() // protocol type
        const state = each.readUVarIntString() ?? ''
        const type = each.readUVarIntString() ?? ''
        skipTaggedFields(each)
        return { groupId, state, type }
      })
      return { errorCode, groups }
    },
  }),
}

function writeStrings(encoder: Encoder, items: readonly string[]): void {
  encoder.writeUVarInt(items.length + 1)
  for (const item of items) encoder.writeUVarIntString(item)
}

function array<Item>(decoder: Decoder, read: (decoder: Decoder) => Item): Item[] {
  return decoder.readUVarIntArray(read) ?? []
}
