import * as z from 'zod'
import { DURATION_EXPECTED, parseDuration } from '../runbook/durations.ts'

/** The inputs of an action: one key per input, named as in `action.yml`. */
export type InputSchema = z.ZodObject<z.core.$ZodShape>

/** What the help text and the reader of flags must know about an input beside its schema. */
export interface InputTraits {
  /** Stands for the value in the help: `<duration>`. Absent for a switch, which needs no value. */
  readonly placeholder?: string
  readonly isSwitch?: boolean
}

export interface SecretTraits {
  /** The environment variable that holds the value when the action runs from a terminal. */
  readonly env: string
}

const traits = z.registry<InputTraits>()
const secrets = z.registry<SecretTraits>()

const yes = new Set(['true', 'True', 'TRUE'])
const no = new Set(['false', 'False', 'FALSE'])

/** A boolean as YAML 1.2 writes it. */
export const bool = z
  .string()
  .transform((text, context) => {
    if (yes.has(text)) return true
    if (no.has(text)) return false
    context.addIssue({ code: 'custom', message: 'use true or false' })
    return z.NEVER
  })
  .register(traits, { isSwitch: true })

/** `30s`, `15m`, `1h`, `1h30m`: milliseconds. */
export const duration = z
  .string()
  .transform((text, context) => {
    const ms = parseDuration(text)
    if (ms !== undefined) return ms
    context.addIssue({ code: 'custom', message: `use ${DURATION_EXPECTED}` })
    return z.NEVER
  })
  .register(traits, { placeholder: 'duration' })

/** Values separated by commas or line breaks; empty ones are dropped. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(/[,\n]/u)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
  .register(traits, { placeholder: 'a,b,…' })

/** JSON that `schema` accepts. */
export function json<T extends z.ZodType>(schema: T) {
  const parsed = z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue({ code: 'custom', message: 'give valid JSON' })
        return z.NEVER
      }
    })
    .pipe(schema)
  traits.add(parsed, { placeholder: 'json' })
  return parsed
}

/**
 * Marks an input as secret: it is masked before anything is printed and never taken from the command line, where every
 * user of the machine could read it.
 *
 * @param env where it is read from in a terminal; there `--<name>-file` works too
 */
export function secret<T extends z.ZodType>(schema: T, { env }: SecretTraits): T {
  secrets.add(schema, { env })
  return schema
}

/** The traits of an input, wherever in `.optional()`, `.default()` or a pipe they were given. */
export function traitsOf(schema: z.core.$ZodType): InputTraits {
  return found(schema, (each) => traits.get(each)) ?? {}
}

/** Set where the input is secret. */
export function secretOf(schema: z.core.$ZodType): SecretTraits | undefined {
  return found(schema, (each) => secrets.get(each))
}

/** The sentence given with `.describe()`. */
export function descriptionOf(schema: z.core.$ZodType): string | undefined {
  return found(schema, (each) => z.globalRegistry.get(each)?.description)
}

/** The value of an input that was not given, where it has one. */
export function defaultOf(schema: z.core.$ZodType): unknown {
  return found(schema, (each) =>
    each instanceof z.ZodDefault || each instanceof z.ZodPrefault
      ? { value: each._zod.def.defaultValue }
      : undefined,
  )?.value
}

/** The closed set of values, where there is one. */
export function choicesOf(schema: z.core.$ZodType): readonly string[] | undefined {
  return found(schema, (each) => {
    if (each instanceof z.ZodEnum) return Object.values(each._zod.def.entries).map(String)
    if (each instanceof z.ZodLiteral) return each._zod.def.values.map(String)
    return traits.get(each)?.isSwitch ? ['true', 'false'] : undefined
  })
}

/** Walks from the outside in: `.describe()` may stand before or after `.optional()` and `.default()`. */
function found<T>(schema: z.core.$ZodType, look: (schema: z.core.$ZodType) => T | undefined): T | undefined {
  for (let each: z.core.$ZodType | undefined = schema; each !== undefined; each = innerOf(each)) {
    const hit = look(each)
    if (hit !== undefined) return hit
  }
  return undefined
}

function innerOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  ) {
    return schema._zod.def.innerType
  }
  return schema instanceof z.ZodPipe ? schema._zod.def.in : undefined
}
