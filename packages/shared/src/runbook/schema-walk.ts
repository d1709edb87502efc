import * as z from 'zod'
import { type KeyPath, valueAt } from './key-path.ts'

/** The schema at a path of the file, or `undefined` where none fits. In a union the first alternative that has the path. */
export function schemaAt(schema: z.core.$ZodType, path: KeyPath): z.core.$ZodType | undefined {
  const [key, ...rest] = path
  if (key === undefined) return schema
  for (const alternative of alternatives(schema)) {
    const next = stepInto(alternative, key)
    const found = next === undefined ? undefined : schemaAt(next, rest)
    if (found !== undefined) return found
  }
  return undefined
}

/** The keys that this mapping may have: of alternatives told apart by a key, those that the mapping has chosen. */
export function keysOf(schema: z.core.$ZodType, mapping: unknown): string[] {
  const objects = alternatives(schema).filter(isObject)
  const chosen = objects.filter(({ shape }) => {
    return Object.entries(shape).every(
      ([key, type]) => !isChoice(type) || z.safeParse(type, valueAt(mapping, [key])).success,
    )
  })
  return [...new Set((chosen.length > 0 ? chosen : objects).flatMap(({ shape }) => Object.keys(shape)))]
}

function isChoice(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum
}

/** Whether a value of this schema must not be shown. */
export function isSecret(schema: z.core.$ZodType): boolean {
  if (z.globalRegistry.get(schema)?.writeOnly === true) return true
  return wrapped(schema).some(isSecret)
}

function stepInto(schema: z.core.$ZodType, key: string | number): z.core.$ZodType | undefined {
  if (isObject(schema)) return schema.shape[key]
  if (schema instanceof z.ZodRecord) return schema.valueType
  if (schema instanceof z.ZodArray) return schema.element
  return undefined
}

function isObject(schema: z.core.$ZodType): schema is z.ZodObject<z.ZodRawShape> {
  return schema instanceof z.ZodObject
}

/** The schemas behind defaults, transformations and unions, as far as the file sees them. */
function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  const inner = wrapped(schema)
  return inner.length === 0 ? [schema] : inner.flatMap(alternatives)
}

function wrapped(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodPipe) return [schema.in]
  if (schema instanceof z.ZodUnion) return schema.options
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return [schema.unwrap()]
  return []
}
