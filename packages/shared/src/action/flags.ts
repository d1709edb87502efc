import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { messageOf } from '../errors.ts'
import { closest } from '../runbook/suggest.ts'
import type { Variables } from './environment.ts'
import { secretOf, traitsOf, type InputSchema, type SecretTraits } from './input-types.ts'

/** What was given, by input name, and what was wrong with how it was given. */
export interface GivenInputs {
  readonly values: Readonly<Record<string, string>>
  readonly problems: readonly string[]
}

/**
 * Reads `--name value`, `--name=value` and `--switch`; secrets come from their environment variables or from files.
 *
 * A switch takes the next word only if that is true or false; any other value that starts with a dash needs the `=`.
 */
export function flagValues(
  schema: InputSchema,
  args: readonly string[],
  environment: Variables,
): GivenInputs {
  const values = new Map<string, string>()
  const problems: string[] = []
  for (const [name, input] of Object.entries(schema.shape)) {
    const value = environment[secretOf(input)?.env ?? '']?.trim()
    if (value) values.set(name, value)
  }
  const seen = new Set<string>()
  for (const { flag, value } of flagsIn(args, schema)) {
    const read = flag === undefined ? unexpected(value) : valueOf(schema, flag, value)
    if ('problem' in read) problems.push(read.problem)
    else if (seen.has(read.name)) problems.push(`--${read.name} is given twice: keep one.`)
    else if (read.value !== '') values.set(read.name, read.value)
    if ('name' in read) seen.add(read.name)
  }
  return { values: Object.fromEntries(values), problems }
}

interface Flag {
  /** Absent for a word that belongs to no flag. */
  readonly flag?: string
  readonly value?: string
}

function* flagsIn(args: readonly string[], schema: InputSchema): Iterable<Flag> {
  const words = [...args]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, flag, attached] = /^--([^=]+)(?:=(.*))?$/su.exec(word) ?? []
    if (flag === undefined) {
      yield { value: word }
      continue
    }
    const next = words[0]
    const takesNext =
      next !== undefined && (isSwitch(schema, flag) ? /^(?:true|false)$/iu.test(next) : !next.startsWith('-'))
    const value = attached ?? (takesNext ? words.shift() : undefined)
    yield value === undefined ? { flag } : { flag, value }
  }
}

type Read = { readonly name: string; readonly value: string } | { readonly problem: string }

function valueOf(schema: InputSchema, flag: string, value: string | undefined): Read {
  const secret = secretIn(schema, flag)
  if (secret !== undefined) {
    const instead = `set the environment variable ${secret.env}, or name a file with --${flag}-file`
    return {
      problem: `--${flag} is a secret, and everyone on this machine can read a command line: ${instead}.`,
    }
  }
  const fileOf = Object.hasOwn(schema.shape, flag) ? undefined : /^(.+)-file$/u.exec(flag)?.[1]
  if (fileOf !== undefined && secretIn(schema, fileOf) !== undefined) return contentOf(fileOf, value)
  if (!Object.hasOwn(schema.shape, flag)) return { problem: unknown(schema, flag) }
  if (value !== undefined) return { name: flag, value: value.trim() }
  if (isSwitch(schema, flag)) return { name: flag, value: 'true' }
  return { problem: `--${flag} needs a value: --${flag} <${placeholderOf(schema, flag)}>.` }
}

function contentOf(name: string, path: string | undefined): Read {
  if (!path) return { problem: `--${name}-file needs the path of a file.` }
  try {
    return { name, value: readFileSync(path, 'utf8').trim() }
  } catch (error) {
    return { problem: `--${name}-file: the file cannot be read: ${messageOf(error)}.` }
  }
}

function unexpected(word = ''): Read {
  if (word.startsWith('-')) return { problem: `There is no flag ${word}; all flags start with two dashes.` }
  return { problem: `Unexpected ${JSON.stringify(word)}: every value needs a flag before it.` }
}

function unknown(schema: InputSchema, flag: string): string {
  const names = Object.entries(schema.shape).map(([name, input]) => (secretOf(input) ? `${name}-file` : name))
  const near = closest(flag, [...names, 'help'])
  return `There is no flag --${flag}${near === undefined ? '.' : `; did you mean --${near}?`}`
}

function isSwitch(schema: InputSchema, name: string): boolean {
  const input = own(schema, name)
  return input !== undefined && traitsOf(input).isSwitch === true
}

function placeholderOf(schema: InputSchema, name: string): string {
  const input = own(schema, name)
  return (input && traitsOf(input).placeholder) ?? 'value'
}

function secretIn(schema: InputSchema, name: string): SecretTraits | undefined {
  const input = own(schema, name)
  return input && secretOf(input)
}

function own(schema: InputSchema, name: string): z.core.$ZodType | undefined {
  return Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined
}
