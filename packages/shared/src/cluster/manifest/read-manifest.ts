import { isMap, LineCounter, parseAllDocuments, type Document } from 'yaml'
import * as z from 'zod'
import { apiVersionOf, type AnyObject, type Resource } from '../resources.ts'
import { manifestKinds } from './kinds.ts'
import { ManifestError, type ManifestProblem } from './manifest-error.ts'

/** One object of a manifest. */
export interface ManifestObject {
  readonly resource: Resource<AnyObject>
  readonly name: string
  /** As it stands in the file. */
  readonly object: Readonly<Record<string, unknown>>
  /** Where it begins, from 1. */
  readonly line: number
}

/** A component's manifest: its Deployment, and what stands beside it. */
export interface Manifest {
  readonly file: string
  readonly deployment: ManifestObject
  readonly others: readonly ManifestObject[]
}

/** Whose manifest it is. */
export interface ManifestOwner {
  readonly deployment: string
  readonly container: string
  readonly namespace: string
}

/** More is a mistake, or a chart that was rendered into one file. */
const longestText = 1024 * 1024
const mostAliases = 100

const head = z.looseObject({
  apiVersion: z.string({ error: 'apiVersion is missing' }),
  kind: z.string({ error: 'kind is missing' }),
  metadata: z.looseObject(
    {
      name: z.string({ error: 'metadata.name is missing' }),
      namespace: z.string({ error: 'metadata.namespace is not text' }).optional(),
    },
    { error: 'metadata is missing' },
  ),
})

const withContainers = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
    }),
  }),
})

/** What the server writes; it stands in files that were exported with kubectl. */
const serversOwn = ['managedFields', 'resourceVersion', 'uid', 'generation', 'creationTimestamp']

/**
 * Reads a component's manifest: YAML of one or more documents.
 *
 * @param file how messages call it
 * @throws ManifestError naming each problem with its line
 */
export function readManifest(text: string, file: string, owner: ManifestOwner): Manifest {
  if (text.length > longestText) {
    throw new ManifestError(file, [{ line: 1, message: `longer than ${longestText / 1024} KiB` }])
  }
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
    stringKeys: true,
  }) as Document.Parsed[]
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const problems: ManifestProblem[] = documents.flatMap(({ errors, warnings }) =>
    [...errors, ...warnings].map(({ message, pos }) => ({
      line: lineAt(pos[0]),
      message: `not valid YAML: ${message}`,
    })),
  )
  if (problems.length > 0) throw new ManifestError(file, problems)

  const objects = documents.flatMap((document) => {
    if (document.toJS({ maxAliasCount: mostAliases }) === null) return []
    const line = lineAt(document.contents?.range[0] ?? 0)
    const read = readObject(document, line, owner, (path) => lineOf(document, path, lineAt) ?? line)
    if (Array.isArray(read)) problems.push(...read)
    return Array.isArray(read) ? [] : [read]
  })
  const deployments = objects.filter(({ resource }) => resource.kind === 'Deployment')
  const [deployment] = deployments
  problems.push(...twice(objects))
  if (deployment === undefined && problems.length === 0)
    problems.push({ line: 1, message: `it has no Deployment "${owner.deployment}"` })
  if (deployment === undefined || problems.length > 0) throw new ManifestError(file, problems)
  return { file, deployment, others: objects.filter((object) => object !== deployment) }
}

type LineOf = (path: readonly string[]) => number

function readObject(
  document: Document.Parsed,
  line: number,
  owner: ManifestOwner,
  lineAt: LineOf,
): ManifestObject | ManifestProblem[] {
  const parsed = head.safeParse(document.toJS({ maxAliasCount: mostAliases }))
  if (!parsed.success) return parsed.error.issues.map(({ message }) => ({ line, message }))
  const { data: object } = parsed
  const { apiVersion, kind, metadata } = object
  const resource = manifestKinds.find((known) => known.kind === kind && apiVersionOf(known) === apiVersion)
  if (resource === undefined) return [{ line: lineAt(['kind']), message: refusal(apiVersion, kind) }]

  const problems: ManifestProblem[] = []
  const problem = (path: readonly string[], message: string): void => {
    problems.push({ line: lineAt(path), message })
  }
  if (metadata.namespace !== undefined && metadata.namespace !== owner.namespace) {
    problem(
      ['metadata', 'namespace'],
      `${kind} "${metadata.name}" is for the namespace "${metadata.namespace}", and this environment is "${owner.namespace}"; leave the namespace out`,
    )
  }
  for (const key of serversOwn) {
    if (key in metadata) problem(['metadata', key], `metadata.${key} is the server's; delete it`)
  }
  if (kind === 'Deployment') {
    if (metadata.name !== owner.deployment)
      problem(
        ['metadata', 'name'],
        `Deployment "${metadata.name}" is not the component's, "${owner.deployment}"`,
      )
    else if (!hasContainer(object, owner.container))
      problem(['spec'], `Deployment "${metadata.name}" has no container "${owner.container}"`)
  }
  return problems.length > 0 ? problems : { resource, name: metadata.name, object, line }
}

function refusal(apiVersion: string, kind: string): string {
  if (kind === 'Secret') return 'a Secret does not belong in a repository; keep it in the cluster'
  const known = manifestKinds.map((resource) => `${resource.kind} (${apiVersionOf(resource)})`)
  return `${kind} (${apiVersion}) is not applied; a manifest may have: ${known.join(', ')}`
}

function hasContainer(object: object, name: string): boolean {
  const parsed = withContainers.safeParse(object)
  return (
    parsed.success && parsed.data.spec.template.spec.containers.some((container) => container.name === name)
  )
}

function twice(objects: readonly ManifestObject[]): ManifestProblem[] {
  const first = new Map<string, number>()
  return objects.flatMap(({ resource, name, line }) => {
    const id = `${resource.kind} "${name}"`
    const earlier = first.get(id)
    if (earlier === undefined) first.set(id, line)
    return earlier === undefined ? [] : [{ line, message: `${id} stands twice, already in line ${earlier}` }]
  })
}

/** The line of a key, or of the nearest mapping above it. */
function lineOf(
  document: Document.Parsed,
  path: readonly string[],
  lineAt: (offset: number) => number,
): number | undefined {
  let line: number | undefined
  let node: unknown = document.contents
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === key) : undefined
    if (pair === undefined) return line
    const start = (pair.key as { range?: [number, number, number] | null }).range?.[0]
    if (start !== undefined) line = lineAt(start)
    node = pair.value
  }
  return line
}
