import { anyOf, gaugeQuery, seriesWith, together } from '../metrics/promql.ts'
import type { Series } from '../runbook/fields.ts'
import type { Kafka } from '../runbook/schema.ts'

/** What an exporter calls things: the section `kafka.exporter` of the runbook file. */
export type ExporterNames = Pick<Kafka['exporter'], 'lag' | 'committed' | 'members' | 'labels'>

/** What a series of the answer says, by `partLabel`. */
export type ExporterPart = 'lag' | 'committed' | 'members'

/**
 * Everything that is known of some groups, in one query. Of two exporters of the same brokers the higher number counts.
 * A value is not carried over a scrape that is missing, as a plain selector would do for five minutes.
 */
export function exporterQuery(
  { lag, committed, members, labels }: ExporterNames,
  groups: readonly string[],
  scrapeIntervalMs: number,
): string {
  const { group, topic, partition } = labels
  const highest = (series: Series, by: readonly string[]): string =>
    `max by (${by.join(', ')}) (${gaugeQuery(ofGroups(series, group, groups), scrapeIntervalMs)})`
  const parts: Record<ExporterPart, string> = {
    lag: highest(lag, [group, topic, partition]),
    committed: highest(committed, [group, topic, partition]),
    members: highest(members, [group]),
  }
  return together(parts)
}

/** The groups that the exporter tells of at a moment, also where what it tells is no number. */
export function knownGroupsQuery({ lag, labels }: ExporterNames, scrapeIntervalMs: number): string {
  return `group by (${labels.group}) (${gaugeQuery(seriesWith(lag, `${labels.group}=~".*"`), scrapeIntervalMs)})`
}

/** How to ask for the lag of groups by hand. */
export function lagByHand({ lag, labels }: ExporterNames, groups: readonly string[]): string {
  return `sum by (${labels.group}) (${ofGroups(lag, labels.group, groups)})`
}

function ofGroups(series: Series, label: string, groups: readonly string[]): string {
  return seriesWith(series, `${label}=~${anyOf(groups)}`)
}
