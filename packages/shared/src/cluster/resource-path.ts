import { UserError } from '../errors.ts'
import type { Resource } from './resources.ts'

type QueryValue = string | number | boolean | readonly string[] | undefined
export type Query = Readonly<Record<string, QueryValue>>

const dns1123Label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const maximumNameLength = 253

/**
 * The URL path of a collection, or of one object when `name` is given. `namespace` undefined means all
 * namespaces, or a kind without namespaces. Names are validated and encoded: none can leave its segment.
 */
export function resourcePath(
  resource: Resource<unknown>,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = resource.group === '' ? ['api'] : ['apis', resource.group]
  if (resource.namespaced && namespace === undefined && name !== undefined) {
    throw new UserError(
      `The ${resource.kind} "${name}" needs a namespace`,
      'Set the namespace in the runbook.',
    )
  }
  const scope =
    resource.namespaced && namespace !== undefined ? ['namespaces', validNamespace(namespace)] : []
  const object = name === undefined ? [] : [validName(resource.kind, name)]
  const rest = subresource === undefined ? [] : [subresource]
  const segments = [...root, resource.version, ...scope, resource.plural, ...object, ...rest]
  return `/${segments.map(encodeURIComponent).join('/')}`
}

/** `path` with its query; undefined values are left out, a list stands there once for each of its values. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each !== undefined) search.append(key, String(each))
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`
}

function validNamespace(namespace: string): string {
  if (dns1123Label.test(namespace)) return namespace
  throw new UserError(
    `"${namespace}" is not a namespace name`,
    'Use at most 63 of: lower-case letters, digits and "-", beginning and ending with a letter or digit.',
  )
}

/** Kubernetes' own rule for a path segment: not "." or "..", no "/" and no "%". */
function validName(kind: string, name: string): string {
  const valid =
    name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name) && name.length <= maximumNameLength
  if (valid) return name
  throw new UserError(
    `"${name}" is not the name of a ${kind}`,
    'Use the name as kubectl shows it: no "/", no "%".',
  )
}
