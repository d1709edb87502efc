import { describe, expect, it } from '@jest/globals'
import type { GroupReceipt, OffsetReceipt } from '../record/offsets.ts'
import { recordOf } from '../record/record.fixture.ts'
import { fitSummary } from './fit-summary.ts'
import { receiptLines, receiptParts, replayCommands } from './offset-receipt.ts'

const group: GroupReceipt = {
  group: "xact's workers",
  deployments: ['download-worker'],
  from: '2026-11-23T10:00:00.000Z',
  until: '2026-11-23T10:05:00.000Z',
  topics: { events: [[0, 5, 1_205], [1, -1, 3], [2, 9, 4]], files: [[0, 7, 8]] }, // prettier-ignore
}
const run = { id: '1', attempt: '1', url: 'https://github.example/runs/1', actor: 'olga' }

function section(receipt: OffsetReceipt | undefined): string {
  const back = { target: 'the last known good release', reason: 'critical bug', run, at: group.until }
  const record = recordOf({ rollback: { ...back, ...(receipt && { receipt }) } })
  return fitSummary(receiptParts(record, 'UTC')).trimEnd()
}
const receiptOf = (more: Partial<OffsetReceipt> = {}): OffsetReceipt => ({
  source: 'kafka at b-1:9092',
  groups: [group],
  notKnown: [],
  ...more,
})

describe('the commands that process messages again', () => {
  it('stop the consumers, set back what moved on, and start them again', () => {
    const snapshot = {
      at: group.from,
      deployments: [
        { deployment: 'download-worker', uid: 'u', replicas: 4, annotations: {}, template: {}, digests: {} },
      ],
      configMaps: [],
      secrets: [],
    }
    expect(replayCommands(group, recordOf({ snapshot })).split('\n')).toEqual([
      '# 1. Stop its consumers (an autoscaler that owns them: pause it), and wait until its STATE is Empty.',
      'kubectl scale deployment/download-worker --replicas=0 -n kafka-pipeline',
      `kafka-consumer-groups --bootstrap-server "$KAFKA_BROKER" --group 'xact'\\''s workers' --describe --state`,
      '# 2. Set it back. With --dry-run instead of --execute it only says what it would do.',
      "cat > offsets.csv <<'END'",
      'events,0,5',
      'files,0,7',
      'END',
      `kafka-consumer-groups --bootstrap-server "$KAFKA_BROKER" --group 'xact'\\''s workers' --reset-offsets --from-file offsets.csv --execute`,
      '# 3. Start its consumers again.',
      'kubectl scale deployment/download-worker --replicas=4 -n kafka-pipeline',
    ])
  })

  it('leave the replicas to a person where they are not recorded', () => {
    expect(replayCommands(group, recordOf())).toContain('--replicas=N -n')
  })
})

describe('the receipt in a summary', () => {
  it('is as short in a ticket with three thousand partitions as with three', () => {
    const events = Array.from({ length: 3_000 }, (_, n): [number, number, number] => [n, 5, 1_000])
    const back = { target: 'v1.0.0', reason: 'critical bug', run, at: group.until }
    const record = recordOf({
      rollback: { ...back, receipt: receiptOf({ groups: [{ ...group, topics: { events } }] }) },
    })
    expect(Buffer.byteLength(receiptLines(record, 'UTC').join('\n'))).toBeLessThan(500)
    const text = fitSummary(receiptParts(record, 'UTC'), 80_000)
    expect(text.match(/^events,\d+,5$/gmu)).toHaveLength(3_000)
  })

  it('tells each group and topic, and each partition with what became of it', () => {
    const text = section(receiptOf())
    expect(text).toContain('what v1.1.0 has committed (kafka at b-1:9092), by the two readings.')
    expect(text).toContain("| xact's workers | events | 3 | 1,195, and 1 partition that had none before |")
    expect(text).toContain(`xact's workers, read at ${group.from} and at ${group.until}:\n`)
    expect(text).toContain("xact's workers events-0: 5 to 1205, 1,200 offsets\n")
    expect(text).toContain("xact's workers events-1: none to 3, first commit\n")
    expect(text).toContain("xact's workers events-2: 9 to 4, 5 set back\n")
    expect(text).toContain('Process these messages again')
  })

  it.each<[string, OffsetReceipt | undefined, string]>([
    ['nothing where nothing was put back', undefined, ''],
    ['nothing where there are no groups', receiptOf({ groups: [] }), ''],
    [
      'that nothing was committed',
      receiptOf({ groups: [{ ...group, topics: {} }] }),
      '**Offset receipt:** v1.1.0 has committed nothing (kafka at b-1:9092).',
    ],
    [
      'why it is not known',
      receiptOf({ groups: [], notKnown: ['workers was not read now: no answer within 10 s'] }),
      '**Offset receipt:** not known.\n\n- Not known: workers was not read now: no answer within 10 s',
    ],
  ])('says %s', (_, receipt, text) => {
    expect(section(receipt)).toBe(text)
  })

  it('offers no command where nothing can be set back', () => {
    expect(section(receiptOf({ groups: [{ ...group, topics: { events: [[1, -1, 3]] } }] }))).not.toContain(
      '--execute',
    )
  })
})
