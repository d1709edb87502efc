import type { Container } from '../component.ts'
import { configuredVariables, type VariableFinding } from './container-environment.ts'
import { textDigest, type Data } from './content-digest.ts'

/** Another source of variables that may have one of the same name. */
export interface OtherSource {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
  /** Under which it would have the variable. */
  readonly key: string
}

/** A variable that a container had from a key which its ConfigMap does not have any more. */
export interface RemovedVariable {
  readonly name: string
  readonly key: string
  /** Whether the Deployment's own `env` sets it: that goes before every ConfigMap. */
  readonly isSetByDeployment: boolean
  readonly others: readonly OtherSource[]
}

/**
 * The variables that a container must not have any more, with all that may set them beside the ConfigMap. One that another key
 * gives now is not among them.
 *
 * @param keys those that were removed
 * @param data what the ConfigMap says without them
 */
export function removedVariables(
  container: Pick<Container, 'env' | 'envFrom'>,
  configMap: string,
  keys: readonly string[],
  data: Data,
): RemovedVariable[] {
  const { env = [], envFrom = [] } = container
  const gone = new Map<string, string>()
  for (const { prefix = '', configMapRef } of envFrom) {
    if (configMapRef?.name === configMap) for (const key of keys) gone.set(`${prefix}${key}`, key)
  }
  const own = new Set<string>()
  for (const { name, valueFrom } of env) {
    const { name: of, key = '' } = valueFrom?.configMapKeyRef ?? {}
    // Only an optional one: without its key a container with another would not start.
    if (of === configMap && keys.includes(key)) gone.set(name, key)
    else own.add(name)
  }
  for (const { name } of configuredVariables(container, configMap, data)) gone.delete(name)
  return [...gone].map(([name, key]) => ({
    name,
    key,
    isSetByDeployment: own.has(name),
    others: envFrom.flatMap(({ prefix = '', configMapRef, secretRef }): OtherSource[] => {
      if (!name.startsWith(prefix) || configMapRef?.name === configMap) return []
      const at = name.slice(prefix.length)
      if (configMapRef !== undefined) return [{ kind: 'ConfigMap', name: configMapRef.name ?? '', key: at }]
      return [{ kind: 'Secret', name: secretRef?.name ?? '', key: at }]
    }),
  }))
}

/** What is known of the values that a removed variable may have. */
export interface KnownValues {
  /** What the ConfigMap said before; undefined where that is not known. */
  readonly before: Data | undefined
  /** What other ConfigMaps say, by name. */
  readonly others: ReadonlyMap<string, Data>
}

/**
 * The removed variables that a container has all the same, each with where it is from. Only one that still has what the ConfigMap
 * said, and can have it from nowhere else, is shown to have stayed: an image may set variables, too.
 *
 * @param found the digest of each variable's value, by its name
 */
export function remainingVariables(
  removed: readonly RemovedVariable[],
  found: ReadonlyMap<string, string>,
  { before, others }: KnownValues,
): VariableFinding[] {
  return removed.flatMap((variable): VariableFinding[] => {
    const { name, key, isSetByDeployment } = variable
    const has = found.get(name)
    if (has === undefined) return []
    const stays = (verdict: VariableFinding['verdict'], why: string): VariableFinding[] => [
      { name, how: `is still there${why}`, verdict },
    ]
    if (isSetByDeployment) return stays('warn', ': "env" of the Deployment sets it')
    const from = variable.others.find((other) => {
      const value = other.kind === 'ConfigMap' ? others.get(other.name)?.[other.key] : undefined
      return value !== undefined && textDigest(value) === has
    })
    if (from !== undefined) return stays('warn', `: ConfigMap ${from.name} has it, too`)
    const secrets = variable.others.flatMap((other) =>
      other.kind === 'Secret' ? [`Secret ${other.name}`] : [],
    )
    const perhaps = [...secrets, 'the image'].join(' or ')
    const old = before?.[key]
    if (old === undefined) return stays('inconclusive', `, perhaps from ${perhaps}: what it was is not known`)
    if (textDigest(old) !== has) return stays('warn', ` with another value, perhaps from ${perhaps}`)
    if (secrets.length > 0)
      return stays('inconclusive', ` with the same value, perhaps from ${secrets.join(' or ')}`)
    return stays('fail', ' with the value that was removed')
  })
}
