import { counted, formatted, messages, type GroupLag } from '../decide/group-lag.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import type { GroupLook } from './group-looks.ts'

/** Partitions shown of each group; the rest is counted. */
const shownPartitions = 5

/** What each group looks like, and where that was read. */
export function lagEvidence(looks: readonly GroupLook[], source: string): string[] {
  return [...looks.flatMap(({ reading, lag }) => groupEvidence(reading, lag)), `read from ${source}`]
}

/** The partitions with most lag, and what else a person should know of the group. */
function groupEvidence({ group, state, members, unread }: GroupReading, lag: GroupLag): string[] {
  const { total, partitions, uncommitted, lost, truncated } = lag
  const doing = state === 'unknown' ? '' : `, ${state}`
  const who = members === undefined ? 'members unknown' : `${counted(members, 'member')}${doing}`
  const behind = partitions.filter((each) => each.lag > 0)
  const rest = behind.length - shownPartitions
  return [
    `${group}: ${messages(total)} in ${partitions.length} partitions, ${who}`,
    ...truncated.map(
      ({ topic, partition, committed = 0, logEnd }) =>
        `${topic}/${partition}: committed ${formatted(committed)}, but the log ends at ${formatted(logEnd)}`,
    ),
    ...lost.map(
      ({ topic, partition, messages: gone }) =>
        `${topic}/${partition}: ${messages(gone)} deleted by retention before they were read`,
    ),
    ...behind
      .slice(0, shownPartitions)
      .map(
        ({ topic, partition, lag: waiting, owned }) =>
          `${topic}/${partition}: ${formatted(waiting)}${owned === false ? ', no member reads it' : ''}`,
      ),
    ...(rest > 0 ? [`and ${rest} more partitions with lag`] : []),
    ...(uncommitted.length > 0
      ? [`${uncommitted.length} partitions without a committed offset are not counted`]
      : []),
    ...unread.slice(0, shownPartitions).map(({ topic, partition, why }) => `${topic}/${partition}: ${why}`),
  ]
}
