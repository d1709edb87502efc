import {
  checklistHeading,
  exceptionsHeading,
  taskLine,
  type Checklist,
  type ChecklistLine,
  type Task,
} from '../record/checklist.ts'
import { inline } from './markdown.ts'

/**
 * The lines that a person ticks off, as task lists under their headings.
 *
 * @param tasks the lines as they stand in the ticket, so that writing it again keeps ticks and notes
 */
export function checklistSection(
  { required, exceptions }: Checklist,
  tasks: ReadonlyMap<string, Task>,
): string[] {
  const list = (heading: string, lines: readonly ChecklistLine[]): string[] =>
    lines.length === 0
      ? []
      : [[heading, '', ...lines.map((line) => taskLine(line, tasks.get(line.key), inline))].join('\n')]
  return [...list(checklistHeading, required), ...list(exceptionsHeading, exceptions)]
}
