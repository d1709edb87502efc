import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '../cluster/proxy.ts'
import { parseRetryAfterMs } from '../cluster/retry.ts'
import { parseChallenge } from './challenge.ts'
import { askHelper } from './credential-helper.ts'
import { placeOf, type DockerConfig, type RegistryCredentials } from './docker-config.ts'
import { imageAddress, type ImageAddress } from './image-address.ts'
import type { ImageAnswer, ImageRegistry } from './image-registry.ts'
import { basic, fetchToken, refusal } from './registry-token.ts'
import { NoAnswer, RegistryTransport, type RegistryResponse } from './registry-transport.ts'

export interface RegistryOptions {
  /** The logins, read at the first question; undefined where nobody has logged in: then nobody in particular asks. */
  readonly config?: () => DockerConfig | undefined
  readonly env: Environment
  /** Told every secret before it is used. */
  readonly mask: (secret: string) => void
  readonly ca?: string
  /** Registries that speak plain HTTP; as for Docker those on this machine. */
  readonly isPlain?: (host: string) => boolean
  /** How long one request may take, and how long is waited before each repetition of what failed. */
  readonly attemptMs?: number
  readonly waitsMs?: readonly number[]
}

/** What a node takes for an image, so that the registry does not convert it: lists of platforms, and single ones. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** A registry that asks for more patience is not waited for: whether an image exists is not worth it. */
const longestWaitMs = 5_000
const digestShape = /^sha256:[0-9a-f]{64}$/u

/** Asks registries by the OCI distribution specification. */
export class RegistryClient implements ImageRegistry {
  readonly #options: RegistryOptions
  readonly #transport: RegistryTransport
  readonly #isPlain: (host: string) => boolean
  readonly #credentials = new Map<string, Promise<RegistryCredentials | undefined>>()

  constructor(options: RegistryOptions) {
    const { env, ca, attemptMs = 10_000, isPlain = isLoopback } = options
    this.#options = options
    this.#isPlain = isPlain
    this.#transport = new RegistryTransport({ env, attemptMs, ...(ca !== undefined && { ca }) })
  }

  async look(image: string, signal: AbortSignal): Promise<ImageAnswer> {
    const address = imageAddress(image)
    const { waitsMs = [1_000, 3_000] } = this.#options
    for (let attempt = 0; ; attempt += 1) {
      const { answer, afterMs } = await this.#ask(address, signal)
      const waitMs = waitsMs[attempt]
      if (afterMs === undefined || waitMs === undefined || afterMs > longestWaitMs) return answer
      await sleep(Math.max(waitMs, afterMs), undefined, { signal })
    }
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  /** One try; `afterMs` where another one may go better. */
  async #ask(address: ImageAddress, signal: AbortSignal): Promise<{ answer: ImageAnswer; afterMs?: number }> {
    try {
      const credentials = await this.#credentialsFor(address.registry, signal)
      const response = await this.#head(address, credentials, signal)
      const { status } = response
      const answer = answerOf(response, credentials)
      return status === 429 || status >= 500
        ? { answer, afterMs: parseRetryAfterMs(response.header('retry-after'), new Date()) ?? 0 }
        : { answer }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      const { answer } = error
      return answer.result === 'failing' ? { answer, afterMs: 0 } : { answer }
    }
  }

  async #head(
    { host, name, reference }: ImageAddress,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): Promise<RegistryResponse> {
    const url = new URL(
      `${this.#isPlain(host) ? 'http' : 'https'}://${host}/v2/${name}/manifests/${reference}`,
    )
    const ask = (authorization?: string): Promise<RegistryResponse> => {
      const headers = { accept, ...(authorization !== undefined && { authorization }) }
      return this.#transport.send({ method: 'HEAD', url, headers }, signal)
    }
    const first = await ask()
    const challenge = first.status === 401 ? parseChallenge(first.header('www-authenticate')) : undefined
    if (challenge?.scheme === 'bearer') {
      const isSafe = ({ protocol, host: at }: URL): boolean =>
        protocol === 'https:' || (protocol === 'http:' && this.#isPlain(at) && this.#isPlain(host))
      const token = await fetchToken(this.#transport, { challenge, name, credentials }, isSafe, signal)
      this.#options.mask(token)
      return ask(`Bearer ${token}`)
    }
    return challenge?.scheme === 'basic' && credentials !== undefined && 'username' in credentials
      ? ask(basic(credentials))
      : first
  }

  #credentialsFor(registry: string, signal: AbortSignal): Promise<RegistryCredentials | undefined> {
    const known = this.#credentials.get(registry) ?? this.#readCredentials(registry, signal)
    this.#credentials.set(registry, known)
    return known
  }

  async #readCredentials(registry: string, signal: AbortSignal): Promise<RegistryCredentials | undefined> {
    const { env, mask } = this.#options
    const config = this.#options.config?.()
    const place = config === undefined ? undefined : placeOf(config, registry)
    if (place === undefined) return undefined
    const found =
      'credentials' in place ? place.credentials : await askHelper(place.helper, place.server, env, signal)
    if (typeof found === 'string')
      throw new NoAnswer('not-asked', `has its credentials with a helper: ${found}`)
    if (found !== undefined) {
      mask('password' in found ? found.password : found.identityToken)
      if ('password' in found) mask(basic(found).slice('Basic '.length))
    }
    return found
  }
}

function answerOf(response: RegistryResponse, credentials: RegistryCredentials | undefined): ImageAnswer {
  const { status } = response
  if (status === 200) {
    const digest = response.header('docker-content-digest') ?? ''
    return { result: 'found', ...(digestShape.test(digest) && { digest }) }
  }
  if (status === 404) return { result: 'missing', isAnonymous: credentials === undefined }
  if (status >= 500) return { result: 'failing', why: `answers ${status}` }
  if (status === 401 || status === 403) return { result: 'not-asked', why: refusal(credentials, status) }
  if (status === 429) return { result: 'not-asked', why: 'limits how often it may be asked (429)' }
  return { result: 'not-asked', why: `gives an answer that tells nothing (${status})` }
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/u, '')
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/u.test(name)
}
