import { createHash } from 'node:crypto'
import assigner from 'kafkajs/src/consumer/assignerProtocol.js'
import type {
  GroupProtocol,
  GroupReading,
  GroupState,
  PartitionLag,
  UnreadPartition,
} from '../decide/group-reading.ts'
import type { BrokerConnection } from './broker-connection.ts'
import { code, groupError, isPassing, PassingFailure, whyUnread } from './broker-error.ts'
import type { BrokerConnections, BrokerId } from './broker-connections.ts'
import { describeConsumerGroups, listGroups } from './new-group-questions.ts'
import {
  beginningOfLog,
  committedOffsets,
  describeClassicGroups,
  endOfLog,
  findCoordinator,
  logOffsets,
  metadata,
} from './questions.ts'

/** A reading, and whether parts of it may be readable in a moment. */
export interface GroupsRead {
  readonly groups: ReadonlyMap<string, GroupReading>
  readonly mayImprove: boolean
}

/**
 * Reads where the groups stand: the coordinators first, for what is committed, then the leaders, for where the logs end.
 * In this order no lag is ever negative because of messages that came in between.
 *
 * @param principal who we are to the brokers, for messages
 * @throws UserError where a group may not be read, PassingFailure where brokers are in trouble
 */
export async function readGroups(
  groups: readonly string[],
  brokers: BrokerConnections,
  principal: string,
  now: () => Date,
): Promise<GroupsRead> {
  const anyBroker = await brokers.any()
  const coordinators = await coordinatorsOf(groups, anyBroker, brokers, principal)
  const stands = await Promise.all(
    [...coordinators].map(async ([id, ids]) => groupsAt(await brokers.at(id), ids, principal)),
  )
  const known = new Map(stands.flatMap((each) => [...each]))
  const at = now().getTime()
  const topics = new Set([...known.values()].flatMap((stand) => [...topicsOf(stand)]))
  const logs = await readLogs([...topics], anyBroker, brokers)
  return {
    groups: new Map(
      groups.flatMap((group) => {
        const stand = known.get(group)
        return stand === undefined ? [] : [[group, readingOf(group, at, stand, logs)]]
      }),
    ),
    mayImprove: logs.mayImprove,
  }
}

/** What a coordinator knows of a group. */
interface GroupStand {
  readonly protocol: GroupProtocol
  readonly state: GroupState
  readonly members: number | undefined
  readonly membership: string | undefined
  readonly committed: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** Undefined where it is not known what the members own. */
  readonly owned: ReadonlyMap<string, ReadonlySet<number>> | undefined
  readonly unread: readonly UnreadPartition[]
}

async function coordinatorsOf(
  groups: readonly string[],
  broker: BrokerConnection,
  brokers: BrokerConnections,
  principal: string,
): Promise<ReadonlyMap<BrokerId, readonly string[]>> {
  const found = await Promise.all(
    groups.map(async (group) => {
      const { errorCode, coordinator } = await broker.ask(findCoordinator(group))
      if (errorCode !== code.ok) throw groupError(errorCode, group, principal)
      brokers.know([coordinator])
      return { group, nodeId: coordinator.nodeId }
    }),
  )
  return new Map(
    [...Map.groupBy(found, ({ nodeId }) => nodeId)].map(([id, each]) => [id, each.map(({ group }) => group)]),
  )
}

/** Asks a coordinator for all of its groups at the same time. */
async function groupsAt(
  coordinator: BrokerConnection,
  groups: readonly string[],
  principal: string,
): Promise<ReadonlyMap<string, GroupStand>> {
  const [offsets, members] = await Promise.all([
    Promise.all(groups.map((group) => committedBy(coordinator, group, principal))),
    membersOf(coordinator, groups, principal),
  ])
  return new Map(
    groups.flatMap((group, index) => {
      const committed = offsets[index]
      const described = members.get(group)
      return committed === undefined || described === undefined
        ? []
        : [[group, { ...withoutGuesses(described, committed.committed.size > 0), ...committed }]]
    }),
  )
}

type Committed = Pick<GroupStand, 'committed' | 'unread'>

async function committedBy(
  coordinator: BrokerConnection,
  group: string,
  principal: string,
): Promise<Committed> {
  const { errorCode, responses } = await coordinator.ask(committedOffsets(group))
  // A group that keeps no offsets, such as a share group, or none of that name.
  if (errorCode === code.groupIdNotFound) return { committed: new Map(), unread: [] }
  if (errorCode !== code.ok) throw groupError(errorCode, group, principal)
  const unread = responses.flatMap(({ topic, partitions }) =>
    partitions
      .filter((each) => each.errorCode !== code.ok)
      .map((each) => ({ topic, partition: each.partition, why: whyUnread(each.errorCode, topic) })),
  )
  const committed = new Map(
    responses.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions
          // −1 is "never committed", neither zero nor the end.
          .filter((each) => each.errorCode === code.ok && Number(each.offset) >= 0)
          .map((each) => [each.partition, Number(each.offset)]),
      ),
    ]),
  )
  return { committed, unread }
}

type Described = Pick<GroupStand, 'protocol' | 'state' | 'members' | 'membership' | 'owned'>

/**
 * State and members. Both protocols are asked, because each calls the other's groups dead or unknown; what neither
 * knows is looked up in the list of groups, which tells share and streams groups.
 */
async function membersOf(
  coordinator: BrokerConnection,
  groups: readonly string[],
  principal: string,
): Promise<ReadonlyMap<string, Described>> {
  const newProtocol = describeConsumerGroups(groups)
  const [classic, consumer] = await Promise.all([
    coordinator.ask(describeClassicGroups(groups)),
    coordinator.serves(newProtocol) ? coordinator.ask(newProtocol) : [],
  ])
  const found = new Map<string, Described>()
  for (const { errorCode, groupId, state, members } of classic.groups) {
    if (errorCode !== code.ok) throw groupError(errorCode, groupId, principal)
    if (state === 'Dead') continue
    const owned = members.map(({ memberId, memberAssignment }) => ({
      memberId,
      owned: assignmentOf(memberAssignment),
    }))
    found.set(groupId, { protocol: 'classic', state: stateOf(state), ...membershipOf(owned, '') })
  }
  for (const { errorCode, groupId, state, epoch, members } of consumer) {
    if (errorCode !== code.ok) continue // of another protocol, or not ours to see: then it is not known
    found.set(groupId, {
      protocol: 'consumer',
      state: stateOf(state),
      ...membershipOf(members, String(epoch)),
    })
  }
  const rest = groups.filter((group) => !found.has(group))
  if (rest.length > 0) {
    const listed = await typesOf(coordinator)
    for (const group of rest) found.set(group, unlike(listed.get(group)))
  }
  return found
}

/** The kind of every group that the coordinator lists; empty where the broker cannot tell. */
async function typesOf(
  coordinator: BrokerConnection,
): Promise<ReadonlyMap<string, { readonly type: string; readonly state: string }>> {
  if (!coordinator.serves(listGroups)) return new Map()
  const { groups } = await coordinator.ask(listGroups)
  return new Map(groups.map((each) => [each.groupId, each]))
}

/** What is known of a group that neither protocol describes. */
function unlike(listed: { readonly type: string; readonly state: string } | undefined): Described {
  const unknown = { members: undefined, membership: undefined, owned: undefined }
  if (listed === undefined) return { protocol: 'unknown', state: 'dead', ...unknown }
  const type = listed.type.toLowerCase()
  const protocol =
    type === 'share' || type === 'streams' || type === 'consumer' || type === 'classic' ? type : 'unknown'
  return { protocol, state: stateOf(listed.state), ...unknown }
}

/** A group that has offsets is not dead: brokers say so of groups whose protocol they do not describe to us. */
function withoutGuesses(described: Described, hasOffsets: boolean): Described {
  if (described.protocol !== 'unknown' || !hasOffsets) return described
  return { ...described, protocol: 'consumer', state: 'unknown' }
}

function stateOf(state: string): GroupState {
  switch (state) {
    case 'Stable':
      return 'stable'
    case 'Empty':
      return 'empty'
    case 'Dead':
      return 'dead'
    case 'PreparingRebalance':
    case 'CompletingRebalance':
    case 'Assigning':
    case 'Reconciling':
      return 'rebalancing'
    default:
      return 'unknown'
  }
}

interface Member {
  readonly memberId: string
  readonly owned: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

function membershipOf(
  members: readonly Member[],
  epoch: string,
): Pick<Described, 'members' | 'membership' | 'owned'> {
  const owned = new Map<string, Set<number>>()
  for (const { topic, partitions } of members.flatMap((member) => member.owned)) {
    owned.set(topic, (owned.get(topic) ?? new Set()).union(new Set(partitions)))
  }
  const text = members
    .map(({ memberId, owned: theirs }) => `${memberId} ${JSON.stringify(theirs)}`)
    .toSorted()
    .join('\n')
  const membership = createHash('sha256').update(`${epoch}\n${text}`).digest('base64url').slice(0, 16)
  return { members: members.length, membership, owned }
}

function assignmentOf(bytes: Buffer | null): Member['owned'] {
  const assigned = bytes === null ? null : assigner.MemberAssignment.decode(bytes)
  return Object.entries(assigned?.assignment ?? {}).map(([topic, partitions]) => ({ topic, partitions }))
}

function topicsOf({ committed, owned }: GroupStand): ReadonlySet<string> {
  return new Set(committed.keys()).union(new Set(owned?.keys()))
}

interface Log {
  readonly start: number
  readonly end: number
}

interface Logs {
  readonly partitions: ReadonlyMap<string, ReadonlyMap<number, Log>>
  readonly unread: ReadonlyMap<string, readonly UnreadPartition[]>
  /** Topics of which not even the partitions are known. */
  readonly unknown: ReadonlyMap<string, string>
  readonly mayImprove: boolean
}

/** Beginning and end of every partition: two requests to each broker that leads one of them, at the same time. */
async function readLogs(
  topics: readonly string[],
  broker: BrokerConnection,
  brokers: BrokerConnections,
): Promise<Logs> {
  // Without a topic, the question would be for all of them.
  if (topics.length === 0)
    return { partitions: new Map(), unread: new Map(), unknown: new Map(), mayImprove: false }
  const { brokers: nodes, topicMetadata } = await broker.ask(metadata(topics))
  brokers.know(nodes)
  const unknown = new Map<string, string>()
  const failed: (UnreadPartition & { readonly errorCode: number })[] = []
  const led = new Map<BrokerId, Map<string, number[]>>()
  for (const { topic, topicErrorCode, partitionMetadata } of topicMetadata) {
    if (topicErrorCode !== code.ok && partitionMetadata.length === 0) {
      if (isPassing(topicErrorCode))
        throw new PassingFailure(`The topic ${topic} has no leaders at the moment.`)
      unknown.set(topic, whyUnread(topicErrorCode, topic))
    }
    for (const { partitionId: partition, leader } of partitionMetadata) {
      if (leader < 0 || !brokers.knows(leader)) {
        failed.push({
          topic,
          partition,
          errorCode: code.leaderNotAvailable,
          why: whyUnread(code.leaderNotAvailable, topic),
        })
        continue
      }
      const theirs = led.get(leader) ?? new Map<string, number[]>()
      led.set(leader, theirs.set(topic, [...(theirs.get(topic) ?? []), partition]))
    }
  }
  const read = await Promise.all(
    [...led].map(async ([leader, partitions]) => logsAt(await brokers.at(leader), partitions)),
  )
  const partitions = new Map<string, Map<number, Log>>()
  for (const { topic, partition, ...log } of read.flatMap((each) => each.logs)) {
    partitions.set(topic, (partitions.get(topic) ?? new Map<number, Log>()).set(partition, log))
  }
  failed.push(...read.flatMap((each) => each.failed))
  return {
    partitions,
    unread: Map.groupBy(failed, ({ topic }) => topic),
    unknown,
    mayImprove: failed.some(({ errorCode }) => isPassing(errorCode)),
  }
}

async function logsAt(leader: BrokerConnection, partitions: ReadonlyMap<string, readonly number[]>) {
  const [starts, ends] = await Promise.all([
    leader.ask(logOffsets(partitions, beginningOfLog)),
    leader.ask(logOffsets(partitions, endOfLog)),
  ])
  const start = new Map(
    starts.responses.flatMap(({ topic, partitions: each }) =>
      each.map((one) => [`${topic}/${one.partition}`, one]),
    ),
  )
  const answers = ends.responses.flatMap(({ topic, partitions: each }) =>
    each.map((end) => ({ topic, end, start: start.get(`${topic}/${end.partition}`) })),
  )
  return {
    logs: answers.flatMap(({ topic, end, start: begin }) =>
      end.errorCode === code.ok && begin?.errorCode === code.ok
        ? [{ topic, partition: end.partition, start: Number(begin.offset), end: Number(end.offset) }]
        : [],
    ),
    failed: answers.flatMap(({ topic, end, start: begin }) => {
      const errorCode = end.errorCode === code.ok ? (begin?.errorCode ?? -1) : end.errorCode
      return errorCode === code.ok
        ? []
        : [{ topic, partition: end.partition, errorCode, why: whyUnread(errorCode, topic) }]
    }),
  }
}

function readingOf(group: string, at: number, stand: GroupStand, logs: Logs): GroupReading {
  const { protocol, state, members, membership, committed, owned, unread } = stand
  const topics = [...topicsOf(stand)].toSorted()
  const partitions = topics.flatMap((topic): PartitionLag[] =>
    [...(logs.partitions.get(topic) ?? [])]
      .toSorted(([a], [b]) => a - b)
      .map(([partition, { start, end }]) => ({
        topic,
        partition,
        committed: committed.get(topic)?.get(partition),
        logStart: start,
        logEnd: end,
        owned: owned?.get(topic)?.has(partition) ?? (owned === undefined ? undefined : false),
      })),
  )
  const lost = topics.flatMap((topic) => {
    const why = logs.unknown.get(topic)
    const known = new Set([...(committed.get(topic)?.keys() ?? []), ...(owned?.get(topic) ?? [])])
    const ofTopic = why === undefined ? [] : [...known].map((partition) => ({ topic, partition, why }))
    return [
      ...ofTopic,
      ...(logs.unread.get(topic) ?? []).map(({ partition, why: reason }) => ({
        topic,
        partition,
        why: reason,
      })),
    ]
  })
  return { group, at, protocol, state, members, membership, partitions, unread: [...unread, ...lost] }
}
