import * as z from 'zod'
import { UserError } from '../errors.ts'

/** What a registry is told to say who asks. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  /** A refresh token, as `az acr login` leaves it. */
  | { readonly identityToken: string }

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
})

const configSchema = z.object({
  auths: z.record(z.string(), entrySchema).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
})

/** The `config.json` that `docker login` leaves. */
export type DockerConfig = z.output<typeof configSchema>

/**
 * @param source how messages call it
 * @throws UserError where it is none; its content is not repeated
 */
export function parseDockerConfig(text: string, source: string): DockerConfig {
  const parsed = configSchema.safeParse(json(text))
  if (parsed.success) return parsed.data
  throw new UserError(`${source} is not the config.json of Docker.`, 'Log in again: docker login <registry>.')
}

/** Where the credentials of a registry are: in the file, with a helper, or nowhere. */
export type CredentialPlace =
  | { readonly credentials: RegistryCredentials }
  /** `docker-credential-<helper>`, asked for this server. */
  | { readonly helper: string; readonly server: string }
  | undefined

/** Looks up a registry by its name, as Docker does: its own helper first, then the store, then the file. */
export function placeOf({ auths, credHelpers, credsStore }: DockerConfig, registry: string): CredentialPlace {
  const keys = keysOf(registry)
  const helper = keys.map((key) => credHelpers[key]).find((name) => name !== undefined)
  if (helper !== undefined) return { helper, server: serverOf(registry) }
  const found = Object.entries(auths).find(([key]) => keys.includes(hostOf(key)))
  const credentials = found === undefined ? undefined : credentialsIn(found[1])
  if (credentials !== undefined) return { credentials }
  return credsStore === undefined ? undefined : { helper: credsStore, server: serverOf(registry) }
}

/** Docker Hub has gone by several names. */
function keysOf(registry: string): string[] {
  return registry === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry]
}

function serverOf(registry: string): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry
}

/** Keys of `auths` are hosts or addresses. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//u, '').split('/', 1)[0] ?? ''
}

function credentialsIn(entry: z.output<typeof entrySchema>): RegistryCredentials | undefined {
  if (entry.identitytoken !== undefined && entry.identitytoken !== '')
    return { identityToken: entry.identitytoken }
  const decoded = Buffer.from(entry.auth ?? '', 'base64').toString()
  const colon = decoded.indexOf(':')
  const { username = decoded.slice(0, Math.max(0, colon)), password = decoded.slice(colon + 1) } = entry
  return username === '' || password === '' ? undefined : { username, password }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
