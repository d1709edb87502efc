import SaslAuthenticator, { type SaslLogger } from 'kafkajs/src/broker/saslAuthenticator/index.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { Mechanism } from 'kafkajs'
import { messageOf, UserError } from '../errors.ts'
import { PassingFailure } from './broker-error.ts'
import type { BrokerConnection } from './broker-connection.ts'

/** How to log in to the brokers; secrets are values here, not the names of variables. */
export type Login =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  /** `token` gives a token that is good now: of an OAuth server, or one that we sign for AWS. */
  | {
      readonly mechanism: 'oauthbearer' | 'aws-msk-iam'
      readonly token: (signal: AbortSignal) => Promise<string>
    }

const saslAuthenticateKey = 36

/** kafkajs's exchange logs what it does and fails with; the failure is thrown as well. */
const silent: SaslLogger = { debug: () => undefined, error: () => undefined, namespace: () => silent }

/** @returns who we are to the brokers, for messages: `User:deploy` */
export function principalOf(login: Login | undefined): string {
  if (login === undefined) return 'The client without a login'
  return 'username' in login ? `The user ${login.username}` : `The principal of the ${login.mechanism} token`
}

/**
 * Logs in on a fresh connection.
 *
 * @throws UserError where the broker refuses: never with the secret in it
 */
export async function logIn(connection: BrokerConnection, login: Login, signal: AbortSignal): Promise<void> {
  const { address, versions, name } = connection
  const wire = {
    ...address,
    sasl: await mechanismOf(login, signal),
    send: async ({
      request,
      response,
    }: Parameters<ConstructorParameters<typeof SaslAuthenticator>[0]['send']>[0]) => {
      const answer = await connection.exchange(request, (await request.encode()).buffer)
      return response.parse(await response.decode(answer))
    },
  }
  try {
    await new SaslAuthenticator(wire, silent, versions, saslAuthenticateKey in versions).authenticate()
  } catch (error) {
    if (signal.aborted || error instanceof PassingFailure || error instanceof UserError) throw error
    throw refused(error, login, name)
  }
}

async function mechanismOf(
  login: Login,
  signal: AbortSignal,
): Promise<Extract<Login, { username: string }> | Mechanism> {
  if ('username' in login) return login
  const token = await login.token(signal)
  return {
    mechanism: 'OAUTHBEARER',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => saslAuthenticate({ request: bearer(token), response: accepted }),
    }),
  }
}

/** SASL's separator; the first field is empty: we speak for ourselves (RFC 7628). */
const separator = '\u0001'

function bearer(token: string) {
  const message = `n,,${separator}auth=Bearer ${token}${separator}${separator}`
  return { encode: () => new Encoder().writeBytes(message).buffer }
}

/**
 * The answer to OAUTHBEARER's one message. kafkajs takes any for a yes: a broker that refuses answers with its reason,
 * and only hangs up at the next request.
 */
const accepted = {
  // The bytes come with their length in front.
  decode: (bytes: Buffer) => bytes.subarray(4),
  parse: (reason: Buffer) => {
    if (reason.length > 0) throw new Error(`it does not accept the token (${tokenProblem(reason)})`)
  },
}

/** `{"status":"invalid_token"}`: what is wrong, by RFC 7628. */
function tokenProblem(answer: Buffer): string {
  const status = /"status"\s*:\s*"([\w-]+)"/.exec(answer.toString('utf8'))?.[1]
  return status ?? 'no reason given'
}

function refused(error: unknown, login: Login, name: string): UserError {
  const said = messageOf(error).replace(/^SASL .*? failed: /i, '')
  const options = { cause: error }
  const mechanism = login.mechanism.toUpperCase()
  if (/mechanism .*(is not supported|not supported by the server)|not support.*mechanism/i.test(said)) {
    return new UserError(
      `${name} offers no login by ${mechanism}.`,
      'Choose a mechanism of that listener (sasl.enabled.mechanisms), or another listener.',
      options,
    )
  }
  if (/not valid given the current SASL state/i.test(said)) {
    return new UserError(
      `${name} wants no login.`,
      'Leave out kafka.sasl, or name a listener that does (SASL_SSL).',
      options,
    )
  }
  const who = 'username' in login ? ` as ${login.username}` : ''
  return new UserError(
    `${name} refused the login${who} by ${mechanism}: ${said}`,
    'username' in login
      ? 'Check the variables of kafka.sasl.username and kafka.sasl.password.'
      : 'Check that the brokers trust who issued the token, and that it is meant for them.',
    options,
  )
}
