import { posix } from 'node:path'
import type { Container, Deployment } from '../component.ts'
import { textDigest, type Data } from './content-digest.ts'

/** A file in which a container has the value of one key of a ConfigMap, or had it. */
export interface ConfiguredFile {
  readonly path: string
  readonly key: string
  /** Of what it says; undefined where its key was removed, and it with it. */
  readonly digest: string | undefined
  /** What the same volume is made of beside the ConfigMap and may have a file of this name, such as `Secret login`. */
  readonly mayBeFrom?: string
}

/** The files of a container, and where it has some whose paths only the node knows. */
export interface ConfiguredFiles {
  readonly files: readonly ConfiguredFile[]
  /** `/etc/settings (subPathExpr)`. */
  readonly notTold: readonly string[]
}

type PodSpec = NonNullable<NonNullable<Deployment['spec']>['template']['spec']>
type Volume = NonNullable<PodSpec['volumes']>[number]
type Mount = NonNullable<Container['volumeMounts']>[number]
type Items = { readonly key: string; readonly path: string }[] | undefined

/**
 * The files in which a container has some keys of a ConfigMap, by Kubernetes' rules: plain and projected volumes, with `items`, with
 * `subPath`. A file over which something else is mounted is none.
 *
 * @param keys those to look for; one that `data` does not have was removed
 */
export function configuredFiles(
  { volumes = [] }: Pick<PodSpec, 'volumes'>,
  { volumeMounts = [] }: Pick<Container, 'volumeMounts'>,
  configMap: string,
  keys: readonly string[],
  data: Data,
): ConfiguredFiles {
  const within = new Map(volumes.map((volume) => [volume.name, filesOf(volume, configMap, keys)]))
  const files = volumeMounts.flatMap((mount) =>
    (within.get(mount.name) ?? []).flatMap((file): ConfiguredFile[] => {
      const path = pathAt(mount, file.path)
      if (path === undefined || deepest(volumeMounts, path) !== mount) return []
      const value = data[file.key]
      return [{ ...file, path, digest: value === undefined ? undefined : textDigest(value) }]
    }),
  )
  const notTold = volumeMounts.flatMap(({ name, mountPath, subPathExpr = '' }) =>
    subPathExpr !== '' && (within.get(name) ?? []).length > 0 ? [`${mountPath} (subPathExpr)`] : [],
  )
  return { files, notTold }
}

type VolumeFile = Omit<ConfiguredFile, 'digest'>

/** Of one volume, by their paths in it. */
function filesOf({ configMap, projected }: Volume, name: string, keys: readonly string[]): VolumeFile[] {
  if (configMap?.name === name) return pathsOf(configMap.items, keys)
  const sources = projected?.sources ?? []
  return sources.flatMap((source) => {
    if (source.configMap?.name !== name) return []
    return pathsOf(source.configMap.items, keys).map((file): VolumeFile => {
      const others = sources.flatMap((other) => (other === source ? [] : (mayHave(other, file.path) ?? [])))
      return others.length === 0 ? file : { ...file, mayBeFrom: others.join(' or ') }
    })
  })
}

function pathsOf(items: Items, keys: readonly string[]): VolumeFile[] {
  if (items === undefined) return keys.map((key) => ({ path: key, key }))
  return items
    .filter(({ key }) => keys.includes(key))
    .map(({ key, path }) => ({ path: posix.normalize(path), key }))
}

/** What a source of a projected volume is, where it may have a file at this path. Its tokens and fields have paths of their own. */
function mayHave(
  { configMap, secret }: NonNullable<NonNullable<Volume['projected']>['sources']>[number],
  path: string,
): string | undefined {
  const has = (items: Items): boolean =>
    items === undefined ? !path.includes('/') : items.some((item) => posix.normalize(item.path) === path)
  if (configMap !== undefined && has(configMap.items)) return `ConfigMap ${configMap.name ?? ''}`
  if (secret !== undefined && has(secret.items)) return `Secret ${secret.name ?? ''}`
  return undefined
}

/** Where a container finds a file of a volume; undefined where the mount leaves it out, or only the node knows. */
function pathAt(mount: Mount, file: string): string | undefined {
  const { subPath = '', subPathExpr = '' } = mount
  if (subPathExpr !== '') return undefined
  const at = folder(mount)
  if (subPath === '') return posix.join(at, file)
  const part = posix.normalize(subPath).replace(/\/$/u, '')
  if (file === part) return at
  return file.startsWith(`${part}/`) ? posix.join(at, file.slice(part.length + 1)) : undefined
}

function folder({ mountPath }: Mount): string {
  return posix.join('/', mountPath).replace(/(?<=.)\/$/u, '')
}

/** The mount by which a container sees a path: of those above it the innermost. */
function deepest(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter((mount) => {
    const at = folder(mount)
    return path === at || path.startsWith(at === '/' ? at : `${at}/`)
  })
  return above.toSorted((a, b) => folder(b).length - folder(a).length)[0]
}
