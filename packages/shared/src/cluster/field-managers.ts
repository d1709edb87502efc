import * as z from 'zod'
import type { AnyObject } from './resources.ts'

/** Who wrote a field last, as the API server remembers it. */
export interface FieldManager {
  readonly manager: string
  /** `Apply` stands for server-side apply, `Update` for every other write. */
  readonly operation: string
}

/** A set of fields: `f:name` leads deeper, `k:{"name":"x"}` to one item of a list. */
const fieldSet = z.record(z.string(), z.unknown())

/**
 * The managers that own a field, by `metadata.managedFields`.
 *
 * @param path as the set spells it: `['f:spec', 'f:replicas']`
 */
export function managersOf(object: AnyObject, path: readonly string[]): FieldManager[] {
  return entriesOf(object).flatMap(({ manager, operation, fields }) =>
    owns(fields, path) ? [{ manager, operation }] : [],
  )
}

/** Everyone who owns any field but the status. */
export function allManagers(object: AnyObject): FieldManager[] {
  return entriesOf(object).map(({ manager, operation }) => ({ manager, operation }))
}

/** Where the set of a Deployment's fields has the image of one container. */
export function imagePath(container: string): string[] {
  const item = `k:${JSON.stringify({ name: container })}`
  return ['f:spec', 'f:template', 'f:spec', 'f:containers', item, 'f:image']
}

/** Where the set of a ConfigMap's fields has what it says. */
export const dataPath: readonly string[] = ['f:data']

function entriesOf({ metadata }: AnyObject): (FieldManager & { fields: unknown })[] {
  return (metadata?.managedFields ?? [])
    .filter((entry) => entry.subresource !== 'status')
    .map(({ manager = '', operation = '', fieldsV1 }) => ({
      manager,
      operation,
      fields: fieldsV1 as unknown,
    }))
}

function owns(fields: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true
  const set = fieldSet.safeParse(fields)
  return set.success && first in set.data && owns(set.data[first], rest)
}
