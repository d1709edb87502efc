import * as z from 'zod'
import type { GroupReading } from '../decide/group-reading.ts'
import { Template } from '../runbook/template.ts'
import type { KafkaAccess } from './broker-settings.ts'

/** The variable by which the reader in the Job is told what to do. It holds no secrets: only names of variables. */
export const requestVariable = 'RUNBOOK_LAG_REQUEST'

const template = z.string().transform((text) => new Template(text))

const sasl = z.discriminatedUnion('mechanism', [
  z.object({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: template,
    password: template,
  }),
  z.object({
    mechanism: z.literal('oauthbearer'),
    tokenUrl: template,
    clientId: template,
    clientSecret: template,
    scope: z.string().optional(),
  }),
  z.object({ mechanism: z.literal('aws-msk-iam'), region: template }),
])

const tls = z.union([
  z.boolean(),
  z.object({
    ca: template.optional(),
    certificate: template.optional(),
    key: template.optional(),
    serverName: z.string().optional(),
  }),
])

const requestSchema = z.object({
  kafka: z.object({
    brokers: z.array(template).optional(),
    tls,
    sasl: sasl.optional(),
    connectTimeout: z.number(),
    requestTimeout: z.number(),
  }),
  groups: z.array(z.string()),
  everyMs: z.number().positive(),
  forMs: z.number().positive(),
})

/** What a reader is asked: which groups, how often, and for how long. */
export interface ReaderRequest {
  readonly kafka: KafkaAccess
  readonly groups: readonly string[]
  readonly everyMs: number
  readonly forMs: number
}

/** The request as the Job carries it; `${NAME}` stays unresolved. */
export function writeRequest({ kafka, ...rest }: ReaderRequest): string {
  const { brokers, tls: encryption, sasl: login, connectTimeout, requestTimeout } = kafka
  return JSON.stringify({
    kafka: { brokers, tls: encryption, sasl: login, connectTimeout, requestTimeout },
    ...rest,
  })
}

/** @throws ZodError where the text is no request */
export function readRequest(text: string): ReaderRequest {
  return requestSchema.parse(JSON.parse(text))
}

/** One line of the reader: where the groups stand, or why that could not be read. */
export type ReaderLine =
  | { readonly kind: 'reading'; readonly at: number; readonly groups: readonly GroupReading[] }
  | {
      readonly kind: 'failure'
      readonly at: number
      readonly message: string
      readonly next: string | undefined
      /** The brokers did not answer, which may pass. */
      readonly isUnreachable: boolean
    }

/** Every line of the reader begins like this; what else a container writes is not for us. */
const beginning = '{"runbook-lag":1,'

/** Nothing that a reader says in words is longer. */
const words = z.string().max(2_000)
const name = z.string().max(500)
const offset = z.int().nonnegative()

/** Partition, committed, beginning and end of the log, owned: null is what the source cannot tell. */
const row = z.tuple([offset, offset.nullable(), offset.nullable(), offset, z.boolean().nullable()])

const group = z.object({
  group: name,
  protocol: z.enum(['classic', 'consumer', 'share', 'streams', 'unknown']),
  state: z.enum(['stable', 'rebalancing', 'empty', 'dead', 'unknown']),
  members: offset.nullable(),
  membership: name.nullable(),
  topics: z.array(z.tuple([name, z.array(row)])),
  unread: z.array(z.object({ topic: name, partition: offset, why: words })),
})

const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reading'), at: z.number(), groups: z.array(group) }),
  z.object({
    kind: z.literal('failure'),
    at: z.number(),
    message: words,
    next: words.nullable(),
    isUnreachable: z.boolean(),
  }),
])

/** The line as it is written, without a line break. */
export function writeLine(line: ReaderLine): string {
  return `${beginning}${JSON.stringify(compact(line)).slice(1)}`
}

/**
 * @returns undefined where the line is not the reader's
 * @throws ZodError or SyntaxError where it begins like one and is none
 */
export function readLine(text: string): ReaderLine | undefined {
  if (!text.startsWith(beginning)) return undefined
  const line = lineSchema.parse(JSON.parse(text))
  if (line.kind === 'failure') return { ...line, next: line.next ?? undefined }
  const { at } = line
  return { kind: line.kind, at, groups: line.groups.map((each) => expanded(each, at)) }
}

function compact(line: ReaderLine): z.input<typeof lineSchema> {
  if (line.kind === 'failure') {
    const { message, next } = line
    return { ...line, message: message.slice(0, 2_000), next: next?.slice(0, 2_000) ?? null }
  }
  return {
    kind: line.kind,
    at: line.at,
    groups: line.groups.map(({ group: id, protocol, state, members, membership, partitions, unread }) => ({
      group: id,
      protocol,
      state,
      members: members ?? null,
      membership: membership ?? null,
      topics: [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, all]) => [
        topic,
        all.map(({ partition, committed, logStart, logEnd, owned }) => [
          partition,
          committed ?? null,
          logStart ?? null,
          logEnd,
          owned ?? null,
        ]),
      ]),
      unread: unread.map((each) => ({ ...each, why: each.why.slice(0, 2_000) })),
    })),
  }
}

function expanded(
  { topics, members, membership, ...rest }: z.output<typeof group>,
  at: number,
): GroupReading {
  return {
    ...rest,
    at,
    members: members ?? undefined,
    membership: membership ?? undefined,
    partitions: topics.flatMap(([topic, rows]) =>
      rows.map(([partition, committed, logStart, logEnd, owned]) => ({
        topic,
        partition,
        committed: committed ?? undefined,
        logStart: logStart ?? undefined,
        logEnd,
        owned: owned ?? undefined,
      })),
    ),
  }
}
