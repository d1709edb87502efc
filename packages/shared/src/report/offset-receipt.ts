import { committedIn, replayable, type Committed } from '../record/offset-receipt.ts'
import type { GroupReceipt } from '../record/offsets.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { shellWord } from '../runbook/shell-word.ts'
import type { SummaryPart } from './fit-summary.ts'
import { cell, details, fence, inline, table } from './markdown.ts'
import { formatCount, formatSpan } from './numbers.ts'

/** Brokers refuse to set a group that has members. */
const stopFirst =
  'Nothing of it was run. A group must have no members while its offsets are set, so its consumers are stopped first. What was processed well is processed again too: do it only where that does no harm.'

/**
 * What the release has committed until it was taken back, partition by partition, and the commands that have it processed
 * again; none where nothing is to be said. The commands are for a person: nothing here runs them.
 */
export function receiptParts(record: DeploymentRecord, timeZone: string): SummaryPart[] {
  const moved = movedGroups(record)
  const replays = moved.filter((group) => replayable(group).length > 0)
  const commands = [stopFirst, ...replays.map((group) => fence(replayCommands(group, record), 'bash'))]
  return [
    ...receiptLines(record, timeZone).map((markdown): SummaryPart => ({ kind: 'decision', markdown })),
    ...(moved.length === 0 ? [] : [partitionList(moved)]),
    // Never shortened: half a list would set half a group back.
    ...(replays.length === 0
      ? []
      : [
          {
            kind: 'decision',
            markdown: details('Process these messages again', commands.join('\n\n')),
          } as const,
        ]),
  ]
}

/** The receipt in few lines, whatever the number of partitions; none where nothing is to be said. Markdown. */
export function receiptLines(record: DeploymentRecord, timeZone: string): string[] {
  const receipt = record.rollback?.receipt
  if (receipt === undefined) return []
  const moved = movedGroups(record)
  const version = inline(record.version)
  if (moved.length === 0 && receipt.notKnown.length === 0) {
    return receipt.groups.length === 0
      ? []
      : [`**Offset receipt:** ${version} has committed nothing (${inline(receipt.source)}).`]
  }
  const parts = [
    moved.length === 0
      ? '**Offset receipt:** not known.'
      : `**Offset receipt:** what ${version} has committed (${inline(receipt.source)}), by the two readings.`,
    ...(moved.length === 0 ? [] : [groupTable(moved, timeZone)]),
    ...receipt.notKnown.map((sentence) => `- Not known: ${inline(sentence)}`),
  ]
  return [parts.join('\n\n')]
}

function movedGroups({ rollback }: DeploymentRecord): GroupReceipt[] {
  return (rollback?.receipt?.groups ?? []).filter((group) => committedIn(group).length > 0)
}

/**
 * The commands that set a group back to where it stood before the deployment, as lines of a shell. Where the replicas of
 * a Deployment are not recorded, it says N: a person fills them in.
 */
export function replayCommands(
  group: GroupReceipt,
  { namespace, snapshot }: Pick<DeploymentRecord, 'namespace' | 'snapshot'>,
): string {
  const name = shellWord(group.group)
  const tool = `kafka-consumer-groups --bootstrap-server "$KAFKA_BROKER" --group ${name}`
  const replicas = new Map(snapshot?.deployments.map((each) => [each.deployment, each.replicas]))
  const scale = (deployment: string, to: string): string =>
    `kubectl scale deployment/${deployment} --replicas=${to} -n ${namespace}`
  return [
    '# 1. Stop its consumers (an autoscaler that owns them: pause it), and wait until its STATE is Empty.',
    ...group.deployments.map((deployment) => scale(deployment, '0')),
    `${tool} --describe --state`,
    '# 2. Set it back. With --dry-run instead of --execute it only says what it would do.',
    "cat > offsets.csv <<'END'",
    ...replayable(group).map(({ topic, partition, from }) => `${topic},${partition},${from}`),
    'END',
    `${tool} --reset-offsets --from-file offsets.csv --execute`,
    '# 3. Start its consumers again.',
    ...group.deployments.map((deployment) => scale(deployment, String(replicas.get(deployment) ?? 'N'))),
  ].join('\n')
}

function groupTable(groups: readonly GroupReceipt[], timeZone: string): string {
  const rows = groups.flatMap((group) =>
    [...Map.groupBy(committedIn(group), ({ topic }) => topic)].map(([topic, each]) => [
      cell(group.group),
      cell(topic),
      cell(String(each.length)),
      cell(total(each)),
      cell(formatSpan(new Date(group.from), new Date(group.until), timeZone)),
    ]),
  )
  const columns = [
    { title: 'Consumer group' },
    { title: 'Topic' },
    { title: 'Partitions', align: 'right' as const },
    { title: 'Offsets', align: 'right' as const },
    { title: 'Between' },
  ]
  return table(columns, rows)
}

/** How far it went; partitions without an offset before are told apart, because nobody knows where they began. */
function total(each: readonly Committed[]): string {
  const known = each.flatMap(({ from, to }) => (from === undefined ? [] : [to - from]))
  const fresh = each.length - known.length
  const sum = formatCount(known.reduce((all, moved) => all + moved, 0))
  if (fresh === 0) return sum
  if (known.length === 0) return 'had none before'
  return `${sum}, and ${fresh} ${fresh === 1 ? 'partition' : 'partitions'} that had none before`
}

function partitionList(groups: readonly GroupReceipt[]): SummaryPart {
  const lines = groups.flatMap((group) => [
    `${group.group}, read at ${group.from} and at ${group.until}:`,
    ...committedIn(group).map(
      ({ topic, partition, from, to }) =>
        `${group.group} ${topic}-${partition}: ${from ?? 'none'} to ${to}, ${how(from, to)}`,
    ),
  ])
  return { kind: 'evidence', title: 'Offsets partition by partition', text: lines.join('\n') }
}

function how(from: number | undefined, to: number): string {
  if (from === undefined) return 'first commit'
  return to < from ? `${formatCount(from - to)} set back` : `${formatCount(to - from)} offsets`
}
