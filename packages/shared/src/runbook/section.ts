import * as z from 'zod'

/** `consumer-lag` as `consumerLag`. */
type Camel<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text

/** An object type with its keys in camel case. */
export type CamelKeys<T> = { [Key in keyof T as Key extends string ? Camel<Key> : Key]: T[Key] }

/** What a rule reports: where below the section, and a whole sentence. */
export type Report = (path: (string | number)[], sentence: string) => void

/**
 * A rule over several keys of a section, named as in the file. It also runs when single keys are wrong, so that all
 * problems come at once: a value may then be anything.
 */
export type Rule = (value: Readonly<Record<string, unknown>>, report: Report) => void

/**
 * A mapping of the runbook file with a fixed set of keys: kebab-case in the file, camelCase in the program, unknown
 * keys are errors. Only its own keys change case: names that the team chose (environments, dashboards) stay as written.
 */
export function section<Shape extends z.ZodRawShape>(shape: Shape, ...rules: Rule[]) {
  const keys = z.strictObject(shape)
  const checks = rules.map((rule) =>
    evenWhenInvalid<z.output<typeof keys>, MappingOfAnything>(isMapping, rule),
  )
  return keys.check(...checks).transform(camelKeys)
}

/** A list with a rule over all its items, which may be anything when single items are wrong. */
export function list<Item extends z.ZodType>(
  item: Item,
  rule: (items: readonly unknown[], report: Report) => void,
) {
  return z.array(item).check(evenWhenInvalid<z.output<Item>[], unknown[]>(Array.isArray, rule))
}

function evenWhenInvalid<T, Seen>(
  isSeen: (value: unknown) => value is Seen,
  rule: (value: Seen, report: Report) => void,
) {
  return z.superRefine<T>(
    (value, context) => {
      if (!isSeen(value)) return
      rule(value, (path, message) => {
        context.addIssue({ code: 'custom', path, message })
      })
    },
    { when: (payload) => isSeen(payload.value) },
  )
}

type MappingOfAnything = Record<string, unknown>

function isMapping(value: unknown): value is MappingOfAnything {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function camelKeys<T extends object>(value: T): CamelKeys<T> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), item])) as CamelKeys<T>
}

function camel(key: string): string {
  return key.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
