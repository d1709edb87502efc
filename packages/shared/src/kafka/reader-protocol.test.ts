import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readingOf } from '../decide/group-reading.fixture.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import { loadRunbook } from '../runbook/load.ts'
import { readLine, readRequest, writeLine, writeRequest, type ReaderLine } from './reader-protocol.ts'

const offset = fc.maxSafeNat()
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const name = fc.string({ maxLength: 40, unit: 'grapheme' })

/** Partitions of one topic stand together, as a reader gives them. */
const partitions = fc
  .uniqueArray(name, { maxLength: 3 })
  .chain((topics) =>
    fc.tuple(
      ...topics.map((topic) =>
        fc.array(
          fc.record({
            topic: fc.constant(topic),
            partition: fc.nat(),
            committed: maybe(offset),
            logStart: maybe(offset),
            logEnd: offset,
            owned: maybe(fc.boolean()),
          }),
          { minLength: 1, maxLength: 5 },
        ),
      ),
    ),
  )
  .map((all) => all.flat())

const reading: fc.Arbitrary<GroupReading> = fc.record({
  group: name,
  at: fc.constant(1_000),
  protocol: fc.constantFrom('classic' as const, 'consumer' as const, 'share' as const, 'unknown' as const),
  state: fc.constantFrom('stable' as const, 'empty' as const, 'unknown' as const),
  members: maybe(fc.nat()),
  membership: maybe(name),
  partitions,
  unread: fc.array(fc.record({ topic: name, partition: fc.nat(), why: name }), { maxLength: 3 }),
})

const line: fc.Arbitrary<ReaderLine> = fc.oneof(
  fc.record({
    kind: fc.constant('reading' as const),
    at: fc.constant(1_000),
    groups: fc.array(reading, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('failure' as const),
    at: fc.constant(1_000),
    message: name,
    next: maybe(name),
    isUnreachable: fc.boolean(),
  }),
)

describe('a line of the reader', () => {
  it('comes back as it was written, in one line', () => {
    fc.assert(
      fc.property(line, (written) => {
        const text = writeLine(written)
        expect(text).not.toContain('\n')
        expect(readLine(text)).toEqual(written)
      }),
    )
  })

  it('is short where there are thousands of partitions', () => {
    const groups = [readingOf(Array.from({ length: 3_000 }, (_, partition) => partition))]
    expect(writeLine({ kind: 'reading', at: 0, groups }).length).toBeLessThan(100_000)
  })

  it.each(['', 'Warning: something', '{"level":30}', ' {"runbook-lag":1,'])('is not: %s', (text) => {
    expect(readLine(text)).toBeUndefined()
  })

  it.each([
    '{"runbook-lag":1,',
    '{"runbook-lag":1,"kind":"reading","at":1}',
    '{"runbook-lag":1,"kind":"reading","at":1,"groups":[{"group":"a"}]}',
    `{"runbook-lag":1,"kind":"failure","at":1,"message":"${'x'.repeat(3_000)}","next":null,"isUnreachable":true}`,
  ])('is refused: %.80s', (text) => {
    expect(() => readLine(text)).toThrow()
  })
})

describe('the request of a reader', () => {
  it.each([
    'tls: false',
    'tls: { ca: "${KAFKA_CA}", server-name: kafka.example }',
    'tls: true, sasl: { mechanism: scram-sha-512 }',
    'tls: true, sasl: { mechanism: oauthbearer, token-url: "https://login.example/token", scope: kafka }',
    'tls: true, sasl: { mechanism: aws-msk-iam, region: eu-central-1 }',
  ])('says how to reach the brokers, by the names of variables: %s', (access) => {
    const { kafka } = loadRunbook(
      `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: production } }
kafka: { brokers: ['\${KAFKA_BROKERS}', 'kafka-1:9092'], ${access} }
components: [{ deployment: worker, consumer-group: worker }]
`,
      { file: 'runbook.yaml' },
    )
    const request = { kafka: kafka!, groups: ['worker'], everyMs: 1_000, forMs: 60_000 }
    const { brokers, tls, sasl, connectTimeout, requestTimeout } = kafka!
    expect(readRequest(writeRequest(request))).toEqual({
      ...request,
      kafka: { brokers, tls, sasl, connectTimeout, requestTimeout },
    })
  })

  it('is refused where it is none', () => {
    expect(() => readRequest('')).toThrow()
    expect(() => readRequest('{}')).toThrow()
  })
})
