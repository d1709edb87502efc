import { createHash } from 'node:crypto'
import { UserError } from '../errors.ts'
import { recordSchema, type DeploymentRecord } from './schema.ts'

/** Keys in alphabetical order at every depth, so that equal records are equal texts. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  )
}

/** The one text of a record: canonical JSON. */
export function writeRecord(record: DeploymentRecord): string {
  return JSON.stringify(ordered(record))
}

/** `sha256:` of the record's one text. It stands in the `-prod` tag's message. */
export function recordDigest(record: DeploymentRecord): string {
  return `sha256:${createHash('sha256').update(writeRecord(record)).digest('hex')}`
}

/**
 * Reads a record, wherever it comes from.
 *
 * @param source where the text was found, for the message: `the input "record"`, `ConfigMap x`
 * @throws UserError where it is not a record that this version of the suite can read
 */
export function readRecord(text: string, source: string): DeploymentRecord {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new UserError(
      `The deployment record in ${source} is not JSON.`,
      'Pass the output "record" of the step or job before, unchanged.',
      { cause },
    )
  }
  const parsed = recordSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new UserError(
    `The deployment record in ${source} cannot be read: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown shape'}.`,
    'It was written by another version of the suite or changed by hand: use the same version in all jobs of a workflow.',
    { cause: parsed.error },
  )
}
