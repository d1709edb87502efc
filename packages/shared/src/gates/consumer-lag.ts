import { formatted, groupLag, messages, type GroupLag } from '../decide/group-lag.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import { judgeReading } from '../decide/lag-reading.ts'
import { normalLag, type NormalLag } from '../decide/normal-lag.ts'
import { worst } from '../decide/verdict.ts'
import type { Baseline } from '../record/gate-result.ts'
import { consumerGroups } from '../runbook/consumer-groups.ts'
import type { Answer, Gate, GateContext } from './gate.ts'

/** Partitions shown of each group; the rest is counted. */
const shownPartitions = 5

/** How far the consumers are behind: the first thing that tells whether the pipeline is well. */
export const consumerLag: Gate<'lag'> = {
  name: 'consumer-lag',
  question: 'Consumer lag < 5,000 messages',
  occasions: ['preflight', 're-check'],
  mode: (runbook) => runbook.gates.consumerLag.mode,
  query: ({ runbook, record }) => lagCommand(consumerGroups(runbook, record.environment)),
  async measure(context, signal) {
    const { runbook, record, lag } = context
    const groups = consumerGroups(runbook, record.environment)
    if (groups.length === 0)
      return { verdict: 'skipped', answer: 'No component of the runbook file has a consumer group.' }
    const readings = await lag.read(groups, signal)
    const { max, completeness, uncommitted } = runbook.gates.consumerLag
    const limits = { max, completeness, uncommitted, afterRollout: false }
    const judged = [...readings.values()].map((reading) => {
      const summed = groupLag(reading)
      return { reading, lag: summed, finding: judgeReading(reading, summed, limits) }
    })
    const verdict = worst(judged.map(({ finding }) => finding.verdict))
    const bad = judged.filter(({ finding }) => finding.verdict === verdict)
    const baseline = await normalBefore(context, groups, signal)
    return {
      verdict,
      answer: (verdict === 'pass' ? judged : bad).map(({ finding }) => finding.sentence).join(' '),
      value: messages(Math.max(0, ...judged.map((each) => each.lag.total))),
      limit: `< ${formatted(max)}`,
      evidence: judged.flatMap((each) => groupEvidence(each.reading, each.lag)),
      ...(baseline !== undefined && { baseline }),
    }
  },
}

/** How to ask for the lag of groups by hand. */
export function lagCommand(groups: readonly string[]): string {
  const named = groups.map((group) => `--group ${group}`).join(' ')
  return `kafka-consumer-groups --bootstrap-server $KAFKA_BROKER ${named} --describe`
}

/** The partitions with most lag, and what else a person should know of the group. */
export function groupEvidence({ group, state, members, unread }: GroupReading, lag: GroupLag): string[] {
  const { total, partitions, uncommitted, lost, truncated } = lag
  const who =
    members === undefined ? 'members unknown' : `${members} ${members === 1 ? 'member' : 'members'}, ${state}`
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

/** What was normal of the groups until now, as far as the source and this process know. */
async function normalBefore(
  { lag, clock, runbook }: GateContext<'lag'>,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<Baseline | undefined> {
  const to = clock.now()
  const from = new Date(to.getTime() - runbook.gates.consumerLag.baseline)
  const past = await lag.history(groups, from, signal)
  const each = new Map(
    groups.flatMap((group): [string, NormalLag][] => {
      const normal = normalLag(past.get(group) ?? [])
      return normal === undefined ? [] : [[group, normal]]
    }),
  )
  const highest = [...each.values()].toSorted((a, b) => b.median - a.median)[0]
  if (highest === undefined) return undefined
  const times = [...past.values()].flat().map(({ at }) => at)
  return {
    from: new Date(Math.min(...times)).toISOString(),
    to: to.toISOString(),
    ...highest,
    unit: 'messages',
    source: lag.source,
    each: Object.fromEntries(each),
  }
}
