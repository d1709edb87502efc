import * as z from 'zod'
import type { Challenge } from './challenge.ts'
import type { RegistryCredentials } from './docker-config.ts'
import { NoAnswer, type RegistryRequest, type RegistryTransport } from './registry-transport.ts'

const tokenSchema = z
  .object({ token: z.string().optional(), access_token: z.string().optional() })
  .transform(({ token, access_token: accessToken }) => token ?? accessToken)

interface TokenRequest {
  readonly challenge: Extract<Challenge, { scheme: 'bearer' }>
  /** The repository that is asked about. */
  readonly name: string
  readonly credentials: RegistryCredentials | undefined
}

/**
 * Fetches a token for reading one repository, as the distribution specification has it.
 *
 * @param isSafe whether credentials may be sent to an address
 * @throws NoAnswer where none is given
 */
export async function fetchToken(
  transport: RegistryTransport,
  { challenge, name, credentials }: TokenRequest,
  isSafe: (url: URL) => boolean,
  signal: AbortSignal,
): Promise<string> {
  const url = URL.parse(challenge.realm)
  if (url === null || !isSafe(url))
    throw new NoAnswer('not-asked', 'sends to a token server whose address is not safe')
  const { service, scope = `repository:${name}:pull` } = challenge
  const response = await transport.send(tokenRequest(url, { service, scope }, credentials), signal)
  const { status } = response
  if (status === 401 || status === 403 || status === 400)
    throw new NoAnswer('not-asked', refusal(credentials, status))
  if (status === 429) throw new NoAnswer('not-asked', 'limits how often it may be asked (429)')
  if (status >= 500) throw new NoAnswer('failing', `has a token server that answers ${status}`)
  const token = status === 200 ? tokenIn(await response.text()) : undefined
  if (token === undefined || token === '')
    throw new NoAnswer('not-asked', `has a token server that gives no token (${status})`)
  return token
}

/** Why it does not say whether the image is there. */
export function refusal(credentials: RegistryCredentials | undefined, status: number): string {
  return credentials === undefined
    ? `wants credentials, and there are none here (${status})`
    : `refuses the credentials that there are here (${status})`
}

export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function tokenRequest(
  url: URL,
  { service, scope }: { service: string | undefined; scope: string },
  credentials: RegistryCredentials | undefined,
): RegistryRequest {
  const asked = new URLSearchParams({ ...(service !== undefined && { service }), scope })
  if (credentials !== undefined && 'identityToken' in credentials) {
    asked.set('grant_type', 'refresh_token')
    asked.set('client_id', 'runbook-actions')
    asked.set('refresh_token', credentials.identityToken)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return { method: 'POST', url, headers, body: asked.toString() }
  }
  const withQuery = new URL(url)
  for (const [key, value] of asked) withQuery.searchParams.append(key, value)
  const headers = credentials === undefined ? {} : { authorization: basic(credentials) }
  return { method: 'GET', url: withQuery, headers }
}

function tokenIn(text: string): string | undefined {
  try {
    return tokenSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
