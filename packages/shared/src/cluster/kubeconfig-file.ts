import { readFileSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import { messageOf, UserError } from '../errors.ts'
import { codeOf } from './error-code.ts'
import type { Environment } from './proxy.ts'

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined)
const text = optional(z.string())

const clusterSchema = z.object({
  server: z.string().min(1),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': optional(z.boolean()),
  'tls-server-name': text,
  'proxy-url': text,
})

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: optional(z.array(z.string())),
  env: optional(z.array(z.object({ name: z.string(), value: z.string() }))),
  installHint: text,
  provideClusterInfo: optional(z.boolean()),
})

const userSchema = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': optional(z.array(z.string())),
  exec: optional(execSchema),
  'auth-provider': optional(
    z.object({ name: z.string(), config: optional(z.record(z.string(), z.unknown())) }),
  ),
})

const contextSchema = z.object({ cluster: z.string().min(1), user: text })

const fileSchema = z.object({
  clusters: optional(z.array(z.object({ name: z.string(), cluster: clusterSchema }))),
  users: optional(z.array(z.object({ name: z.string(), user: optional(userSchema) }))),
  contexts: optional(z.array(z.object({ name: z.string(), context: contextSchema }))),
  'current-context': text,
})

export type Cluster = z.infer<typeof clusterSchema>
export type User = z.infer<typeof userSchema>
export type ExecConfig = z.infer<typeof execSchema>

/** Several kubeconfigs as one; of entries with the same name the first counts, as in kubectl. */
export interface Kubeconfig {
  /** Where it came from, for messages. */
  readonly source: string
  readonly currentContext: string | undefined
  readonly contexts: ReadonlyMap<string, z.infer<typeof contextSchema>>
  readonly clusters: ReadonlyMap<string, Cluster>
  readonly users: ReadonlyMap<string, User>
}

/** Reads one kubeconfig's text. File names in it are relative to `directory`. */
export function parseKubeconfig(content: string, source: string, directory?: string): Kubeconfig {
  const problem = (what: string, next = 'Give the whole kubeconfig file as it is.') =>
    new UserError(`${source} is not a kubeconfig: ${what}`, next)
  let document: unknown
  try {
    document = parse(content)
  } catch {
    // What the parser says quotes the line, which may hold a key or a token.
    throw problem('it is not YAML')
  }
  if (typeof document === 'string' && isBase64OfKubeconfig(document)) {
    throw problem('it is base64', 'Store the file itself, or decode it first: `base64 -d`.')
  }
  if (typeof document !== 'object' || document === null) throw problem('it holds no mapping')
  const parsed = fileSchema.safeParse(document)
  if (!parsed.success) {
    throw problem(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  }
  const { clusters = [], users = [], contexts = [] } = parsed.data
  return {
    source,
    currentContext: parsed.data['current-context'],
    contexts: firstByName(contexts.map(({ name, context }) => [name, context])),
    clusters: firstByName(clusters.map(({ name, cluster }) => [name, clusterRelativeTo(cluster, directory)])),
    users: firstByName(
      users.map(({ name, user }) => [name, userRelativeTo(user ?? userSchema.parse({}), directory)]),
    ),
  }
}

/** The files that kubectl would read: `path`, else $KUBECONFIG (a list), else ~/.kube/config. Undefined: none there. */
export function readKubeconfig(path: string | undefined, env: Environment): Kubeconfig | undefined {
  if (path !== undefined) return readFile(path, `The kubeconfig ${path}`, true)
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  const home = env.HOME ?? env.USERPROFILE
  const files = named.length > 0 ? named : home === undefined ? [] : [join(home, '.kube', 'config')]
  const found = files.map((file) => readFile(file, `The kubeconfig ${file}`, named.length === 1))
  return found.reduce((merged, next) => (merged && next ? merge(merged, next) : (merged ?? next)), undefined)
}

function readFile(file: string, source: string, isRequired: boolean): Kubeconfig | undefined {
  try {
    return parseKubeconfig(readFileSync(file, 'utf8'), source, dirname(file))
  } catch (error) {
    if (error instanceof UserError) throw error
    if (codeOf(error) === 'ENOENT' && !isRequired) return undefined
    const next = 'Check the path and its permissions.'
    throw new UserError(`${source} cannot be read: ${messageOf(error)}`, next, { cause: error })
  }
}

function merge(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    source: `${first.source} and ${second.source.replace(/^The kubeconfig /, '')}`,
    currentContext: first.currentContext ?? second.currentContext,
    contexts: new Map([...second.contexts, ...first.contexts]),
    clusters: new Map([...second.clusters, ...first.clusters]),
    users: new Map([...second.users, ...first.users]),
  }
}

function firstByName<T>(entries: [string, T][]): Map<string, T> {
  return new Map(entries.reverse())
}

function clusterRelativeTo(cluster: Cluster, directory: string | undefined): Cluster {
  return { ...cluster, 'certificate-authority': absolute(cluster['certificate-authority'], directory) }
}

function userRelativeTo(user: User, directory: string | undefined): User {
  return {
    ...user,
    'client-certificate': absolute(user['client-certificate'], directory),
    'client-key': absolute(user['client-key'], directory),
    tokenFile: absolute(user.tokenFile, directory),
    // A bare command is looked up in PATH; one with a slash belongs to the kubeconfig's directory.
    exec: user.exec && {
      ...user.exec,
      command: user.exec.command.includes('/')
        ? (absolute(user.exec.command, directory) ?? '')
        : user.exec.command,
    },
  }
}

function absolute(file: string | undefined, directory: string | undefined): string | undefined {
  return file === undefined || directory === undefined || isAbsolute(file) ? file : join(directory, file)
}

function isBase64OfKubeconfig(content: string): boolean {
  return (
    /^[A-Za-z0-9+/=\s]+$/.test(content) &&
    /apiVersion|clusters/.test(Buffer.from(content, 'base64').toString())
  )
}
