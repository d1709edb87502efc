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
    if (reference?.name !== configMap) {
      found.delete(name)
      continue
    }
    // An optional key that is not there changes nothing; without any other a container does not start.
    const value = data[reference.key]
    if (value !== undefined) variable(name, reference.key, value)
  }
  return [...found.values()]
}

/** A variable, or a file, of a container that is not as its ConfigMap says. */
export interface VariableFinding {
  readonly name: string
  /** Goes on after the name, such as `is missing`. */
  readonly how: string
  /** `inconclusive` where another source may have set it, `warn` where another one has. */
  readonly verdict: 'fail' | 'inconclusive' | 'warn'
  /** Nothing was seen of it. */
  readonly isUnread?: true
}

/**
 * What a container's environment has otherwise.
 *
 * @param found the digest of each variable's value, by its name
 */
export function wrongVariables(
  wanted: readonly ConfiguredVariable[],
  found: ReadonlyMap<string, string>,
): VariableFinding[] {
  return wanted.flatMap(({ name, digest, mayBeFrom }): VariableFinding[] => {
    const has = found.get(name)
    if (has === digest) return []
    if (has === undefined) return [{ name, how: 'is missing', verdict: 'fail' }]
    if (mayBeFrom === undefined) return [{ name, how: 'has another value', verdict: 'fail' }]
    const how = `has another value, perhaps that of ${mayBeFrom}, which is read later`
    return [{ name, how, verdict: 'inconclusive' }]
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
