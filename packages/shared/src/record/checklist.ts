import { createHash } from 'node:crypto'
import { CHANGE_CLASSES } from '../runbook/classes.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { DeploymentRecord } from './schema.ts'

/** A line of the ticket's checklist. */
export interface ChecklistLine {
  /** By this it is found again in the ticket, however its text is written there. */
  readonly key: string
  readonly text: string
}

/** What no interface can answer, and a person does. */
export interface Checklist {
  /** All of them must be ticked before the approval counts. */
  readonly required: readonly ChecklistLine[]
  /** Ticked only where they hold, with a reason. */
  readonly exceptions: readonly ChecklistLine[]
}

/** Ticked, with a reason, where a release needs no change of documentation. */
export const docsNotApplicable = lineOf('Documentation need not change, because:')

const migrationsValidated =
  'Database migrations: applied and undone in staging, and the old code works with the new schema'

/** The lines that the class of the change asks for, in the runbook's order. */
export function checklistOf(
  { class: name }: Pick<DeploymentRecord, 'class'>,
  { changes, migrations, gates }: Runbook,
): Checklist {
  const known = CHANGE_CLASSES.find((candidate) => candidate === name)
  const confirm = known === undefined ? [] : changes[known].confirm
  const required = [...(migrations === undefined ? [] : [migrationsValidated]), ...confirm]
  return {
    required: [...new Set(required)].map(lineOf),
    exceptions: gates.documentation.mode === 'off' ? [] : [docsNotApplicable],
  }
}

function lineOf(text: string): ChecklistLine {
  return { key: createHash('sha256').update(text).digest('hex').slice(0, 8), text }
}

/** A line as it stands in a ticket. */
export interface Task {
  readonly isTicked: boolean
  /** From the box to the line's key. */
  readonly text: string
  /** What stands behind the key. */
  readonly behind: string
}

export const checklistHeading = '**Checklist**, before approving:'
export const exceptionsHeading = '**Only if it is so**, with the reason behind the colon:'

/**
 * One line of the task list, with its tick and with what a person wrote behind it.
 *
 * @param markdown makes text that nobody trusts into Markdown
 */
export function taskLine(
  { key, text }: ChecklistLine,
  task: Task | undefined,
  markdown: (text: string) => string,
): string {
  const written = markdown(text)
  const note = task === undefined ? '' : markdown(noteOf(task, written))
  return `- [${task?.isTicked === true ? 'x' : ' '}] ${written}${note === '' ? '' : ` ${note}`} <!-- ${key} -->`
}

const maxNoteLength = 300

/**
 * What a person has written behind a line, as plain text; empty where the line itself was rewritten.
 *
 * @param written the line as it is written in the ticket
 */
export function noteOf({ text, behind }: Task, written: string): string {
  const added = text.startsWith(written) ? text.slice(written.length) : ''
  return plain(`${added.trim()} ${behind.trim()}`.trim()).slice(0, maxNoteLength)
}

const entities: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' }

/** Takes back what was done to a text when it was written as Markdown. */
function plain(markdown: string): string {
  return markdown
    .replaceAll('\u200b', '')
    .replace(/\\([!-/:-@[-`{-~])/gu, '$1')
    .replace(/&(?:lt|gt|amp);/gu, (entity) => entities[entity] ?? entity)
}

/**
 * The lines of a ticket's checklist, by their keys. Only what stands right below one of the two headings counts: a log
 * that is quoted further below can look like a tick.
 */
export function readTasks(body: string): ReadonlyMap<string, Task> {
  const lines = body.replaceAll('\r\n', '\n').split('\n')
  return new Map([checklistHeading, exceptionsHeading].flatMap((heading) => tasksBelow(heading, lines)))
}

function tasksBelow(heading: string, lines: readonly string[]): [string, Task][] {
  const begin = lines.indexOf(heading)
  if (begin < 0) return []
  const below = lines.slice(begin + 1)
  const end = below.findIndex((line) => line !== '' && !taskPattern.test(line))
  return below.slice(0, end < 0 ? undefined : end).flatMap((line): [string, Task][] => {
    const [, box, text = '', key, behind = ''] = taskPattern.exec(line) ?? []
    return key === undefined ? [] : [[key, { isTicked: box !== ' ', text, behind }]]
  })
}

const taskPattern = /^[-*] \[([ xX])\] (?:(.*?) ?<!-- ([0-9a-f]{8}) -->(.*)|.*)$/u
