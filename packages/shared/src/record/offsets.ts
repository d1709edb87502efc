import * as z from 'zod'

/** An offset of a partition that the group never committed one of. */
export const neverCommitted = -1

const partition = z.int().nonnegative()

/** What Kafka takes for the name of a topic; anything else is none, and must not come into a command. */
export const topicName = /^[\w.-]{1,249}$/u

const topic = z.string().regex(topicName)

/** What one consumer group had committed at a time. Exact up to 2^53. */
export const groupOffsetsSchema = z.strictObject({
  group: z.string(),
  /** Whose consumers are in it. */
  deployments: z.array(z.string()),
  at: z.iso.datetime(),
  /** By topic, each partition with its offset, or -1 (never committed); null where it could not be read. */
  topics: z.record(topic, z.array(z.tuple([partition, z.int().min(neverCommitted).nullable()]))),
})

/** Where the consumer groups of a deployment stood: what there is to compare with after it was taken back. */
export const offsetsSchema = z.strictObject({
  /** Where they were read, for people: `kafka at b-1:9092`. */
  source: z.string(),
  groups: z.array(groupOffsetsSchema),
  /** Groups of which nothing is known, and why. */
  notRead: z.array(z.strictObject({ group: z.string(), why: z.string() })),
})

/** What a release has committed until it was taken back. Going back does not take it back. */
export const offsetReceiptSchema = z.strictObject({
  source: z.string(),
  groups: z.array(
    z.strictObject({
      group: z.string(),
      deployments: z.array(z.string()),
      /** The times of the two readings. */
      from: z.iso.datetime(),
      until: z.iso.datetime(),
      /** By topic, each partition whose offset has changed: its number, the offset before (-1: none) and after. */
      topics: z.record(
        topic,
        z.array(z.tuple([partition, z.int().min(neverCommitted), z.int().nonnegative()])),
      ),
    }),
  ),
  /** What cannot be told, and why, one sentence each. */
  notKnown: z.array(z.string()),
})

export type GroupOffsets = z.infer<typeof groupOffsetsSchema>
export type Offsets = z.infer<typeof offsetsSchema>
export type OffsetReceipt = z.infer<typeof offsetReceiptSchema>
export type GroupReceipt = OffsetReceipt['groups'][number]
