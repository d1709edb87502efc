import * as z from 'zod'
import { messageOf, UserError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { OauthRequest } from './broker-settings.ts'

/** A token is used until this long before its end. */
const marginMs = 30_000

/** Where the server does not say how long a token is good for. */
const unknownLifeMs = 60_000

const answerSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
})

/** Tokens of an OAuth server by the client credentials grant (RFC 6749, section 4.4), each used until it ends. */
export class OauthTokens {
  readonly #clock: Clock
  #current: { readonly until: number; readonly token: Promise<string> } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws UserError where the server refuses or does not answer; never with the secret in it */
  async get(request: OauthRequest, signal: AbortSignal): Promise<string> {
    const now = this.#clock.now().getTime()
    if (this.#current !== undefined && now < this.#current.until) return this.#current.token
    const asked = fetchToken(request, signal)
    const token = asked.then(({ access_token }) => access_token)
    // All connections of a reading ask at the same time: one token serves them.
    const current = { until: now + unknownLifeMs, token }
    this.#current = current
    void asked.then(
      ({ expires_in: seconds }) => {
        if (seconds !== undefined) this.#current = { until: now + seconds * 1000 - marginMs, token }
      },
      () => {
        if (this.#current === current) this.#current = undefined
      },
    )
    return token
  }
}

async function fetchToken(
  { tokenUrl, clientId, clientSecret, scope }: OauthRequest,
  signal: AbortSignal,
): Promise<z.output<typeof answerSchema>> {
  const { origin } = new URL(tokenUrl)
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
  let response: Response
  let body: unknown
  try {
    response = await fetch(tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        accept: 'application/json',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope !== undefined && { scope }),
      }),
      // A secret goes to the server that is named, and nowhere else.
      redirect: 'error',
      signal,
    })
    body = await response.json().catch(() => undefined)
  } catch (error) {
    signal.throwIfAborted()
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    throw new UserError(
      `The token server ${origin} cannot be asked: ${messageOf(cause)}.`,
      'Check kafka.sasl.token-url, and that the runner reaches it.',
      { cause: error },
    )
  }
  const answer = answerSchema.safeParse(body)
  if (response.ok && answer.success) return answer.data
  throw new UserError(
    `The token server ${origin} gives no token for the client ${clientId}: ${refusal(response, body)}`,
    'Check the variables of kafka.sasl.client-id and kafka.sasl.client-secret, and the scope.',
  )
}

const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional() })

function refusal({ ok, status }: Response, body: unknown): string {
  const said = refusalSchema.safeParse(body)
  if (said.success) return `${said.data.error} ${said.data.error_description ?? ''}`.trim()
  return ok ? 'its answer holds no access_token' : `HTTP ${status}`
}
