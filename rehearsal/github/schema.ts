export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** Words of OpenAPI that describe and do not constrain, and `nullable`, which JSON Schema spells differently. */
const dropped = new Set(['nullable', 'example', 'examples', 'discriminator', 'description', 'title'])

/**
 * Turns a schema of OpenAPI 3.0 into JSON Schema. In what GitHub publishes only `nullable` differs.
 * With `closed`, an object that lists its properties has no others: GitHub ignores a misspelt property of a
 * request, a rehearsal must not.
 */
export function toJsonSchema(node: Json, closed: boolean): Json {
  if (Array.isArray(node)) return node.map((entry) => toJsonSchema(entry, closed))
  if (!isObject(node)) return node
  const schema: JsonObject = {}
  for (const [key, value] of Object.entries(node)) {
    if (!dropped.has(key)) schema[key] = convertKeyword(key, value, closed)
  }
  if (closed && 'properties' in schema && !('additionalProperties' in schema))
    schema.additionalProperties = false
  return node.nullable === true ? orNull(schema) : schema
}

/** Every `$ref` of a schema, with what `rename` makes of it. */
export function mapReferences(node: Json, rename: (reference: string) => string): Json {
  if (Array.isArray(node)) return node.map((entry) => mapReferences(entry, rename))
  if (!isObject(node)) return node
  return mapValues(node, (value, key) =>
    key === '$ref' && typeof value === 'string' ? rename(value) : mapReferences(value, rename),
  )
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function convertKeyword(key: string, value: Json, closed: boolean): Json {
  if (key === 'enum' || key === 'default') return value
  // Each part of an `allOf` sees the whole object, so no part can be closed by itself.
  if (key === 'allOf') return toJsonSchema(value, false)
  if (key === 'properties' && isObject(value))
    return mapValues(value, (property) => toJsonSchema(property, closed))
  return toJsonSchema(value, closed)
}

function orNull(schema: JsonObject): JsonObject {
  const isPlain = ['enum', 'allOf', 'anyOf', 'oneOf'].every((key) => !(key in schema))
  if (typeof schema.type === 'string' && isPlain) return { ...schema, type: [schema.type, 'null'] }
  return { anyOf: [schema, { type: 'null' }] }
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}
