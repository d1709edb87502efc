import {
  neverCommitted,
  type GroupOffsets,
  type GroupReceipt,
  type OffsetReceipt,
  type Offsets,
} from './offsets.ts'

/** A partition of which a group has committed something between two readings. */
export interface Committed {
  readonly topic: string
  readonly partition: number
  /** The next offset that the group would have read; undefined where it had committed none. */
  readonly from: number | undefined
  /** The next one that it would have read afterwards; below `from` where somebody has set it back. */
  readonly to: number
}

/**
 * What a release has committed: the difference between what was recorded before its first write and what is committed
 * right before it is taken back. What was not read in both is said, and never taken for nothing.
 *
 * @param before undefined where nothing was recorded
 * @param deployments those that are taken back: groups of others go on
 */
export function offsetReceipt(
  before: Offsets | undefined,
  after: Offsets,
  deployments: ReadonlySet<string>,
): OffsetReceipt {
  const isConcerned = ({ deployments: consumers }: GroupOffsets): boolean =>
    consumers.some((name) => deployments.has(name))
  if (before === undefined) {
    const notKnown = [
      'What was committed before the deployment is not recorded: there is nothing to compare with.',
    ]
    return { source: after.source, groups: [], notKnown }
  }
  const notKnown = before.notRead.map(
    ({ group, why }) => `${group} was not read before the deployment: ${why}`,
  )
  const groups = before.groups.filter(isConcerned).flatMap((then): GroupReceipt[] => {
    const now = after.groups.find(({ group }) => group === then.group)
    if (now === undefined) {
      const why = after.notRead.find(({ group }) => group === then.group)?.why ?? 'it was not asked for.'
      notKnown.push(`${then.group} was not read now: ${why}`)
      return []
    }
    const { topics, unread } = compare(then, now)
    if (unread.length > 0) notKnown.push(unreadSentence(then.group, unread))
    const { group, deployments: consumers } = then
    return [{ group, deployments: consumers, from: then.at, until: now.at, topics }]
  })
  return { source: after.source, groups, notKnown }
}

function compare(
  before: GroupOffsets,
  after: GroupOffsets,
): { topics: GroupReceipt['topics']; unread: string[] } {
  const topics: GroupReceipt['topics'] = {}
  const unread: string[] = []
  const names = new Set([...Object.keys(before.topics), ...Object.keys(after.topics)])
  for (const topic of [...names].sort()) {
    const then = new Map(before.topics[topic])
    const now = new Map(after.topics[topic])
    const partitions = [...new Set([...then.keys(), ...now.keys()])].sort((a, b) => a - b)
    const rows = partitions.flatMap((partition): GroupReceipt['topics'][string] => {
      const from = valueIn(then, partition)
      const to = valueIn(now, partition)
      if (from === to && from !== null) return []
      // An offset that is gone was deleted by somebody, or expired: it tells as little as one that was not read.
      if (from === null || to === null || to === neverCommitted) {
        unread.push(`${topic}-${partition}`)
        return []
      }
      return [[partition, from, to]]
    })
    if (rows.length > 0) topics[topic] = rows
  }
  return { topics, unread }
}

/** A partition that the other reading does not have was never committed there: the group did not read its topic. */
function valueIn(offsets: ReadonlyMap<number, number | null>, partition: number): number | null {
  const offset = offsets.get(partition)
  return offset === undefined ? neverCommitted : offset
}

const named = 5

function unreadSentence(group: string, unread: readonly string[]): string {
  const some = unread.slice(0, named).join(', ')
  const rest = unread.length > named ? ` and ${unread.length - named} more` : ''
  return `${group}: not known in both readings of ${some}${rest}.`
}

/** The partitions of a receipt, in the order of topics and numbers. */
export function committedIn({ topics }: GroupReceipt): Committed[] {
  return Object.entries(topics).flatMap(([topic, rows]) =>
    rows.map(([partition, from, to]) => ({
      topic,
      partition,
      from: from === neverCommitted ? undefined : from,
      to,
    })),
  )
}

/** What can be processed again: where the group began is known, and it went forward. */
export function replayable(group: GroupReceipt): (Committed & { readonly from: number })[] {
  return committedIn(group).filter(
    (each): each is Committed & { readonly from: number } => each.from !== undefined && each.to > each.from,
  )
}
