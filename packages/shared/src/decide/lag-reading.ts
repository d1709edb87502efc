import { counted, formatted, messages, type GroupLag } from './group-lag.ts'
import type { GroupReading } from './group-reading.ts'
import type { Verdict } from './verdict.ts'

/** What one reading is held against. */
export interface ReadingLimits {
  /** Lag of a group must stay below, in messages. */
  readonly max: number
  /** Share of the partitions that must have been read. */
  readonly completeness: number
  /** What it means that partitions were never committed. */
  readonly uncommitted: 'ignore' | 'fail'
  /** Whether a release waits to be shown good: then a group that never committed has shown nothing. */
  readonly afterRollout: boolean
  /** Whether its component is expected to sleep where there is little to do: then nobody has to read. */
  readonly maySleep: boolean
}

/** What one reading says of a group. */
export interface LagFinding {
  readonly kind:
    | 'share-group'
    | 'incomplete'
    | 'truncated'
    | 'lost'
    | 'never-committed'
    | 'uncommitted'
    | 'no-members'
    | 'idle'
    | 'above'
    | 'below'
  readonly verdict: Verdict
  /** One sentence that names the group. */
  readonly sentence: string
}

/** Judges one reading. What was lost or cut off weighs more than any number, because the number then means nothing. */
export function judgeReading(reading: GroupReading, lag: GroupLag, limits: ReadingLimits): LagFinding {
  return (
    unmeasured(reading, lag, limits) ??
    broken(reading, lag, limits) ??
    abandoned(reading, lag, limits) ??
    held(reading, lag, limits)
  )
}

function unmeasured(
  { group, protocol, unread }: GroupReading,
  { completeness }: GroupLag,
  limits: ReadingLimits,
): LagFinding | undefined {
  if (protocol === 'share') {
    return {
      kind: 'share-group',
      verdict: 'unknown',
      sentence: `${group} is a share group: the lag of share groups is not supported.`,
    }
  }
  if (completeness >= limits.completeness) return undefined
  const read = `${Math.floor(completeness * 100)} %`
  return {
    kind: 'incomplete',
    verdict: 'unknown',
    sentence: `${group}: only ${read} of the partitions could be read (${unread[0]?.why ?? 'no reason is known'}).`,
  }
}

function broken(
  { group, partitions, state }: GroupReading,
  { truncated, lost, uncommitted }: GroupLag,
  { uncommitted: policy, afterRollout }: ReadingLimits,
): LagFinding | undefined {
  if (truncated.length > 0) {
    return {
      kind: 'truncated',
      verdict: 'fail',
      sentence: `${group} has committed beyond the end of ${counted(truncated.length, 'partition')}: the log was cut off or the topic was made anew, and where the group goes on is not what it has read last.`,
    }
  }
  if (lost.length > 0) {
    const gone = lost.reduce((sum, each) => sum + each.messages, 0)
    return {
      kind: 'lost',
      verdict: 'fail',
      sentence: `Retention has deleted ${messages(gone)} of ${counted(lost.length, 'partition')} before ${group} read them.`,
    }
  }
  if (partitions.length === uncommitted.length) {
    const what = state === 'dead' ? 'does not exist' : 'has never committed an offset'
    return {
      kind: 'never-committed',
      verdict: policy === 'fail' ? 'fail' : afterRollout ? 'inconclusive' : 'warn',
      sentence: `The consumer group ${group} ${what}: it has no lag that could be measured.`,
    }
  }
  if (policy === 'fail' && uncommitted.length > 0) {
    return {
      kind: 'uncommitted',
      verdict: 'fail',
      sentence: `${group} has never committed an offset of ${counted(uncommitted.length, 'partition')}.`,
    }
  }
  return undefined
}

/** Nobody reads. With nothing to read, that is a component scaled to zero, of which nothing has been shown. */
function abandoned(
  { group, members }: GroupReading,
  { total }: GroupLag,
  { maySleep }: ReadingLimits,
): LagFinding | undefined {
  if (members !== 0) return undefined
  if (maySleep) {
    const sentence = `${group} is asleep: it has no members, and nothing waits.`
    return total > 0 ? undefined : { kind: 'idle', verdict: 'skipped', sentence }
  }
  return total > 0
    ? {
        kind: 'no-members',
        verdict: 'fail',
        sentence: `${group} has no members: nobody reads the ${messages(total)} that wait.`,
      }
    : {
        kind: 'idle',
        verdict: 'inconclusive',
        sentence: `${group} has no members, and nothing waits: nothing has been shown.`,
      }
}

function held({ group }: GroupReading, { total }: GroupLag, { max }: ReadingLimits): LagFinding {
  return total < max
    ? { kind: 'below', verdict: 'pass', sentence: `${group} is ${messages(total)} behind.` }
    : {
        kind: 'above',
        verdict: 'fail',
        sentence: `${group} is ${messages(total)} behind, with a limit of ${formatted(max)}.`,
      }
}
