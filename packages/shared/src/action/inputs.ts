import type { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Variables } from './environment.ts'
import { flagValues, type GivenInputs } from './flags.ts'
import { choicesOf, descriptionOf, secretOf, type InputSchema } from './input-types.ts'

/** Where inputs come from: the runner's `INPUT_…` variables, or the flags of a command line. */
export type InputSource =
  | { readonly kind: 'runner'; readonly environment: Variables }
  | { readonly kind: 'terminal'; readonly environment: Variables; readonly args: readonly string[] }

/**
 * Reads and checks all inputs of an action.
 *
 * An empty text means "not given". Variables of inputs that the schema does not know are ignored (the runner warns of
 * them); unknown flags are errors.
 *
 * @param schema an object with one key per input, named as in `action.yml`
 * @param mask is told each secret before anything else happens
 * @throws UserError with all problems at once, each with the values that are valid
 */
export function readInputs<S extends InputSchema>(
  schema: S,
  source: InputSource,
  mask: (secret: string) => void,
): z.output<S> {
  const { values, problems } =
    source.kind === 'runner'
      ? runnerValues(schema, source.environment)
      : flagValues(schema, source.args, source.environment)
  for (const [name, value] of Object.entries(values)) {
    if (isSecret(schema, name)) mask(value)
  }
  const parsed = schema.safeParse(values)
  const all = [
    ...problems,
    ...(parsed.error?.issues ?? []).map((issue) => problemOf(schema, source, values, issue)),
  ]
  if (parsed.success && all.length === 0) return parsed.data
  throw new UserError(
    all.length === 1
      ? all.join('')
      : `${all.length} things are wrong with the inputs:\n${all.map((each) => `- ${each}`).join('\n')}`,
    source.kind === 'runner'
      ? 'Correct them under `with:` of this step; the README of the action lists every input.'
      : 'Run it with --help to see every flag.',
  )
}

function runnerValues(schema: InputSchema, environment: Variables): GivenInputs {
  const given = Object.keys(schema.shape).map((name) => {
    const variable = `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`
    return [name, (environment[variable] ?? '').trim()] as const
  })
  return { values: Object.fromEntries(given.filter(([, value]) => value !== '')), problems: [] }
}

function isSecret(schema: InputSchema, name: string): boolean {
  const input = schema.shape[name]
  return input !== undefined && secretOf(input) !== undefined
}

function problemOf(
  schema: InputSchema,
  source: InputSource,
  values: Readonly<Record<string, string>>,
  issue: z.core.$ZodIssue,
): string {
  const [name, ...inside] = issue.path.map(String)
  const input = name === undefined ? undefined : schema.shape[name]
  if (name === undefined || input === undefined) return `${issue.message}.`
  const label = source.kind === 'runner' ? `Input "${name}"` : `--${name}`
  const value = values[name]
  const choices = choicesOf(input)
  const valid =
    choices === undefined ? undefined : `use ${choices.join(', ').replace(/, ([^,]*)$/u, ' or $1')}`
  if (value === undefined) {
    const meaning = descriptionOf(input)
    const where = source.kind === 'terminal' ? secretHint(schema, name) : ''
    return `${label} is missing${meaning === undefined ? '' : ` (${withoutStop(meaning)})`}${valid === undefined ? '' : `: ${valid}`}${where}.`
  }
  const shown = isSecret(schema, name) ? '' : ` is ${JSON.stringify(shortened(value))}`
  const at = inside.length === 0 ? '' : ` at ${inside.join('.')}`
  return `${label}${shown}${at}: ${valid ?? lowerFirst(issue.message.replace(/^Invalid (?:input|string): /u, ''))}.`
}

function secretHint(schema: InputSchema, name: string): string {
  const input = schema.shape[name]
  const secret = input === undefined ? undefined : secretOf(input)
  return secret === undefined
    ? ''
    : `: set the environment variable ${secret.env}, or name a file with --${name}-file`
}

const maxShownLength = 80

function shortened(value: string): string {
  return value.length <= maxShownLength ? value : `${value.slice(0, maxShownLength)}…`
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/u, '')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
