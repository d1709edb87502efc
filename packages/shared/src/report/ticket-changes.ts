import type { Change, Changes, PullRequest } from '../record/changes.ts'
import type { Configuration } from '../record/configuration.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { SummaryPart } from './fit-summary.ts'
import { code, inline, link } from './markdown.ts'
import { clip } from './clip.ts'

/** What is listed in full; the rest is folded away. */
const maxListed = 25

/** How much of a commit's name is shown. */
const shortCommitLength = 7

/** One line of the list: a work item with all its commits, or a commit that names none. */
interface Line {
  readonly key: string | undefined
  readonly text: string
  readonly commits: readonly string[]
  readonly pulls: readonly PullRequest[]
}

/** The changes of a release in the words of the runbook's ticket: `- [WP-123] Optimize upload performance`. */
export function changesSection(
  { changes, configuration, from }: DeploymentRecord,
  { ticket }: Runbook,
  maxText: number,
): SummaryPart[] {
  if (configuration !== undefined) return keysSection(configuration)
  if (changes === undefined) {
    return [part(`**Changes**: not known: no comparison with ${inline(from?.version ?? 'what runs')}.`)]
  }
  const lines = linesOf(changes)
  const listed = lines.slice(0, maxListed).map((line) => `- ${lineText(line, ticket.link?.text, maxText)}`)
  const rest = lines.slice(maxListed)
  const unlisted = changes.total - changes.list.length
  const markdown = [
    `**Changes** (${commits(changes.total)} over ${inline(from?.version ?? changes.from.slice(0, shortCommitLength))}):`,
    '',
    ...(lines.length === 0 ? ['- none: the same commit'] : listed),
    ...(unlisted > 0 ? [`- and ${commits(unlisted)} more`] : []),
    ...(changes.missing > 0
      ? ['', `⚠️ What ran before has ${commits(changes.missing)} that this version has not.`]
      : []),
  ].join('\n')
  const evidence = rest.map(({ key, text, commits: names }) =>
    [...(key === undefined ? [] : [`[${key}]`]), text, `(${names.map(short).join(', ')})`].join(' '),
  )
  return [
    part(markdown),
    ...(evidence.length === 0
      ? []
      : [{ kind: 'evidence' as const, title: `${evidence.length} more changes`, text: evidence.join('\n') }]),
  ]
}

function part(markdown: string): SummaryPart {
  return { kind: 'decision', markdown }
}

/** Work items first, each once, then the commits without one; both in the order of the list. */
function linesOf({ list }: Changes): Line[] {
  const items = new Map<string, Line>()
  for (const change of list) {
    for (const { key, text } of change.items) {
      const { commits = [], pulls = [], ...known } = items.get(key) ?? { key, text }
      items.set(key, { ...known, commits: [...commits, change.commit], pulls: united(pulls, change.pulls) })
    }
  }
  const plain = list.filter((change) => change.items.length === 0).map(plainLine)
  return [...items.values(), ...plain]
}

function plainLine({ subject, commit, pulls }: Change): Line {
  return { key: undefined, text: subject, commits: [commit], pulls }
}

function united(known: readonly PullRequest[], more: readonly PullRequest[]): PullRequest[] {
  return [...new Map([...known, ...more].map((pull) => [pull.number, pull])).values()]
}

function lineText({ key, text, commits, pulls }: Line, address: string | undefined, maxText: number): string {
  const shown = clip(text, maxText)
  const begin = key === undefined ? inline(shown) : `${itemText(key, address)} ${inline(shown)}`
  const refs = [
    ...pulls.map(({ number, title, url }) => `${link(`#${number}`, url)} ${inline(clip(title, maxText))}`),
    ...commits.slice(0, 3).map((commit) => code(short(commit))),
    ...(commits.length > 3 ? [`${commits.length - 3} more`] : []),
  ]
  return `${begin} (${refs.join(', ')})`
}

/** A link where the runbook says where work items live; an address with a variable in it is not known here. */
function itemText(key: string, address: string | undefined): string {
  if (address === undefined || address.includes('${')) return inline(`[${key}]`)
  return link(`[${key}]`, address.replaceAll('{item}', encodeURIComponent(key)))
}

function commits(count: number): string {
  return count === 1 ? '1 commit' : `${count} commits`
}

function short(commit: string): string {
  return commit.slice(0, shortCommitLength)
}

/** The keys of a configuration change; values never reach a ticket. */
function keysSection({ configMap, file, changes }: Configuration): SummaryPart[] {
  const title = `**Changes** of ${code(configMap)} (${file === undefined ? 'values given with the run' : code(file)}):`
  const lines = changes.map(({ key, change }) => `${key}: ${change}`)
  const listed = lines.slice(0, maxListed).map((line) => `- ${inline(line)}`)
  const rest = lines.slice(maxListed)
  return [
    part([title, '', ...listed].join('\n')),
    ...(rest.length === 0 ? [] : [{ kind: 'evidence', title: 'More keys', text: rest.join('\n') } as const]),
  ]
}
