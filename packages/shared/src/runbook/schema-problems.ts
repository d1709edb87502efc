import type * as z from 'zod'
import { type KeyPath, valueAt } from './key-path.ts'
import { isSecret, keysOf, schemaAt } from './schema-walk.ts'
import { didYouMean } from './suggest.ts'

/** A violation of the schema, before it is located in the file. */
export interface Violation {
  path: KeyPath
  message: string
  /** Point at the key, not at its value. */
  atKey: boolean
  /** Characters into the value at which the mistake stands. */
  offset: number
}

type Issue = z.core.$ZodIssue

/** Turns what zod reports into sentences: what was found, what is valid, and what was probably meant. */
export function violations(schema: z.core.$ZodType, value: unknown, issues: readonly Issue[]): Violation[] {
  return issues.flatMap((issue) => describe({ schema, value }, [], issue))
}

interface Subject {
  schema: z.core.$ZodType
  value: unknown
}

function describe(subject: Subject, base: KeyPath, issue: Issue): Violation[] {
  const path = [...base, ...(issue.path as KeyPath)]
  const here = (message: string): Violation[] => [{ path, message, atKey: false, offset: 0 }]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(subject, path, key))
    case 'invalid_union':
      return describeUnion(subject, path, issue)
    case 'invalid_key':
      return [
        {
          path,
          message: `found ${show(path.at(-1))}, expected ${messageOf(issue.issues)}`,
          atKey: true,
          offset: 0,
        },
      ]
    case 'custom':
      return [{ path, message: issue.message, atKey: false, offset: Number(issue.params?.offset ?? 0) }]
    case 'invalid_value':
      return here(mismatch(subject, path, oneOf(issue.values), issue.values))
    case 'too_small':
      if (issue.origin === 'array') return here('the list is empty; it needs at least one item')
      break
    case 'invalid_type':
      if (issue.expected in KINDS) return here(mismatch(subject, path, KINDS[issue.expected] ?? ''))
  }
  return here(mismatch(subject, path, issue.message))
}

const KINDS: Record<string, string> = {
  object: 'a mapping of keys',
  record: 'a mapping of names',
  array: 'a list',
  boolean: 'true or false',
}

function unknownKey({ schema, value }: Subject, path: KeyPath, key: string): Violation {
  const parent = schemaAt(schema, path)
  const known = parent === undefined ? [] : keysOf(parent, valueAt(value, path))
  const message = `unknown key${didYouMean(key, known) || '.'} Known keys: ${known.join(', ')}`
  return { path: [...path, key], message, atKey: true, offset: 0 }
}

/** Speaks of the alternative that was meant: the one the value has the shape of. */
function describeUnion(
  subject: Subject,
  path: KeyPath,
  issue: Extract<Issue, { code: 'invalid_union' }>,
): Violation[] {
  const meant = issue.errors.find((errors) => errors.every(isInside))
  if (meant !== undefined) return meant.flatMap((inner) => describe(subject, path, inner))
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : []
  const expected = options.length > 0 ? oneOf(options) : issue.message
  return [{ path, message: mismatch(subject, path, expected, options), atKey: false, offset: 0 }]
}

/** Whether the value fits as a whole and only something inside it is wrong. */
function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'custom'
}

function mismatch(
  { schema, value }: Subject,
  path: KeyPath,
  expected: string,
  values: readonly unknown[] = [],
): string {
  const found = valueAt(value, path)
  if (found === undefined) return `missing; expected ${expected}`
  const node = schemaAt(schema, path)
  if (node !== undefined && isSecret(node)) return expected
  const names = values.filter((candidate) => typeof candidate === 'string')
  const hint = typeof found === 'string' ? didYouMean(found, names) : ''
  return `found ${show(found)}, expected ${expected}${hint}`
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.map(show)
  return shown.length === 1 ? (shown[0] ?? '') : `one of ${shown.join(', ')}`
}

/** The value in short, in one line. What it holds may be anything: JSON escapes line breaks and control characters. */
function show(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}

function messageOf(issues: readonly Issue[]): string {
  return issues[0]?.message ?? 'another name'
}
