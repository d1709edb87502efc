import { UserError } from '../errors.ts'
import type { Kafka } from '../runbook/schema.ts'
import { resolve, type Environment, type Resolved } from '../runbook/template.ts'
import type { Address, TlsSettings } from './broker-connection.ts'
import type { Login } from './login.ts'

/** Where the brokers are and how to get in: the section `kafka` of the runbook file, with its variables filled in. */
export interface BrokerSettings {
  readonly seeds: readonly Address[]
  readonly tls: TlsSettings | undefined
  readonly login: Login | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** The keys of the runbook file's section that say how to reach the brokers. */
export type KafkaAccess = Pick<Kafka, 'brokers' | 'tls' | 'sasl' | 'connectTimeout' | 'requestTimeout'>

/** Where tokens come from: of an OAuth server, and for AWS from its environment variables. */
export interface TokenSources {
  oauth(request: OauthRequest, signal: AbortSignal): Promise<string>
  mskIam(region: string, environment: Environment): string
}

export interface OauthRequest {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | undefined
}

/**
 * Resolves the section and masks each secret in it.
 *
 * @throws UserError where a variable is missing, or a broker is no host:port
 */
export function brokerSettings(
  kafka: KafkaAccess,
  environment: Environment,
  mask: (secret: string) => void,
  tokens: TokenSources,
): BrokerSettings {
  const {
    brokers = [],
    tls,
    sasl,
  } = resolve({ brokers: kafka.brokers, tls: kafka.tls, sasl: kafka.sasl }, environment)
  return {
    seeds: brokers.flatMap((each) => seedsIn(each.reveal(), each.template.text)),
    tls: tlsSettings(tls, mask),
    login: sasl === undefined ? undefined : loginOf(sasl, environment, mask, tokens),
    connectTimeoutMs: kafka.connectTimeout,
    requestTimeoutMs: kafka.requestTimeout,
  }
}

function seedsIn(list: string, written: string): Address[] {
  return list.split(',').map((entry) => {
    const [, host, port] = /^\s*\[?([\w.:-]+?)\]?:(\d{1,5})\s*$/.exec(entry) ?? []
    if (host === undefined || !(Number(port) > 0 && Number(port) < 65_536)) {
      throw new UserError(
        `kafka.brokers: ${written} is not a list of brokers.`,
        'Write host:port, several with commas in between: kafka-0.kafka:9092,kafka-1.kafka:9092.',
      )
    }
    return { host, port: Number(port) }
  })
}

function tlsSettings(tls: Resolved<Kafka['tls']>, mask: (secret: string) => void): TlsSettings | undefined {
  if (typeof tls === 'boolean') return tls ? {} : undefined
  const key = tls.key?.reveal()
  if (key !== undefined) mask(key)
  return {
    ...(tls.ca !== undefined && { ca: tls.ca.reveal() }),
    ...(tls.certificate !== undefined && { cert: tls.certificate.reveal() }),
    ...(key !== undefined && { key }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  }
}

function loginOf(
  sasl: Resolved<NonNullable<Kafka['sasl']>>,
  environment: Environment,
  mask: (secret: string) => void,
  tokens: TokenSources,
): Login {
  switch (sasl.mechanism) {
    case 'oauthbearer': {
      const clientSecret = sasl.clientSecret.reveal()
      mask(clientSecret)
      const request: OauthRequest = {
        tokenUrl: sasl.tokenUrl.reveal(),
        clientId: sasl.clientId.reveal(),
        clientSecret,
        scope: sasl.scope,
      }
      return {
        mechanism: sasl.mechanism,
        token: async (signal) => {
          const token = await tokens.oauth(request, signal)
          mask(token)
          return token
        },
      }
    }
    case 'aws-msk-iam': {
      const region = sasl.region.reveal()
      return {
        mechanism: sasl.mechanism,
        token: () => {
          const token = tokens.mskIam(region, environment)
          mask(token)
          return Promise.resolve(token)
        },
      }
    }
    default: {
      const password = sasl.password.reveal()
      mask(password)
      return { mechanism: sasl.mechanism, username: sasl.username.reveal(), password }
    }
  }
}
