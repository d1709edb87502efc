import { inline } from './markdown.ts'

const heading = '**Checklist**, before approving:'

/**
 * The lines that a person ticks off before approving, as a task list under its heading.
 *
 * @param ticked the lines that are ticked already, as `tickedLines` finds them
 */
export function checklist(lines: readonly string[], ticked: ReadonlySet<string>): string {
  const tasks = lines.map((line) => inline(line)).map((line) => `- [${ticked.has(line) ? 'x' : ' '}] ${line}`)
  return [heading, '', ...tasks].join('\n')
}

/**
 * The lines of a ticket's checklist that are ticked, so that writing it again does not untick them. Only what stands
 * under the heading counts: a log that is quoted further below can look like a tick.
 */
export function tickedLines(body: string): ReadonlySet<string> {
  const lines = body.replaceAll('\r\n', '\n').split('\n')
  const begin = lines.indexOf(heading)
  if (begin < 0) return new Set()
  const tasks = lines.slice(begin + 2)
  const end = tasks.findIndex((line) => !/^[-*] \[[ xX]\] /u.test(line))
  const ticks = tasks
    .slice(0, end < 0 ? undefined : end)
    .flatMap((line) => /^[-*] \[[xX]\] (.*)$/u.exec(line)?.[1] ?? [])
  return new Set(ticks)
}
