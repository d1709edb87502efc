import type { Container } from '../component.ts'
import { textDigest, type Data } from './content-digest.ts'

/** A variable that a container has from a ConfigMap. */
export interface ConfiguredVariable {
  readonly name: string
  /** Key of the ConfigMap. */
  readonly key: string
  /** Of its value. */
  readonly digest: string
  /** What is read after the ConfigMap and may have a key of the same name, such as `Secret kafka-login`. */
  readonly mayBeFrom?: string
}

/**
 * The variables that a container has from one ConfigMap, by Kubernetes' rules: of several sources the later one wins, and
 * what `env` says wins over `envFrom`.
 */
export function configuredVariables(
  { env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>,
  configMap: string,
  data: Data,
): ConfiguredVariable[] {
  const found = new Map<string, ConfiguredVariable>()
  const variable = (name: string, key: string, value: string): void => {
    found.set(name, { name, key, digest: textDigest(value) })
  }
  for (const { prefix = '', configMapRef, secretRef } of envFrom) {
    if (configMapRef?.name === configMap) {
      for (const [key, value] of Object.entries(data)) variable(`${prefix}${key}`, key, value)
      continue
    }
    const other =
      configMapRef === undefined ? `Secret ${secretRef?.name ?? ''}` : `ConfigMap ${configMapRef.name ?? ''}`
    for (const [name, known] of found) {
      if (name.startsWith(prefix)) found.set(name, { ...known, mayBeFrom: other })
    }
  }
  for (const { name, valueFrom } of env) {
    const reference = valueFrom?.configMapKeyRef
    const value = reference?.name === configMap ? data[reference.key] : undefined
    if (reference === undefined || value === undefined) found.delete(name)
    else variable(name, reference.key, value)
  }
  return [...found.values()]
}

/** A variable that does not have the value that its ConfigMap says. */
export interface WrongVariable {
  readonly name: string
  readonly how: 'is missing' | 'has another value'
  readonly mayBeFrom?: string
}

/**
 * What a container's environment has otherwise.
 *
 * @param found the digest of each variable's value, by its name
 */
export function wrongVariables(
  wanted: readonly ConfiguredVariable[],
  found: ReadonlyMap<string, string>,
): WrongVariable[] {
  return wanted.flatMap(({ name, digest, mayBeFrom }): WrongVariable[] => {
    const has = found.get(name)
    if (has === digest) return []
    const how = has === undefined ? 'is missing' : 'has another value'
    return [{ name, how, ...(mayBeFrom !== undefined && { mayBeFrom }) }]
  })
}

/** The digest of each variable's value, by its name, from what `env -0` prints: no value is kept. */
export function environmentDigests(printed: string): ReadonlyMap<string, string> {
  return new Map(
    printed.split('\0').flatMap((entry): [string, string][] => {
      const at = entry.indexOf('=')
      return at <= 0 ? [] : [[entry.slice(0, at), textDigest(entry.slice(at + 1))]]
    }),
  )
}
