import { describe, expect, it } from '@jest/globals'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { brokerSettings, type TokenSources } from './broker-settings.ts'

const tokens: TokenSources = {
  oauth: ({ clientId }) => Promise.resolve(`token of ${clientId}`),
  mskIam: (region, environment) => `signed for ${region} by ${String(environment.AWS_ACCESS_KEY_ID)}`,
}
const environment = {
  KAFKA_BROKERS: 'one:9092, two.example:9093,[::1]:9094',
  KAFKA_USERNAME: 'lag',
  KAFKA_PASSWORD: 'hunter2',
  KAFKA_CLIENT_ID: 'reader',
  KAFKA_CLIENT_SECRET: 'very secret',
  KAFKA_CA: 'CA PEM',
  KAFKA_CERTIFICATE: 'CERTIFICATE PEM',
  KAFKA_KEY: 'KEY PEM',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKID',
}

function settingsOf(more = '', variables: Record<string, string> = environment) {
  const line = `kafka: { brokers: ["\${KAFKA_BROKERS}"] ${more} }`
  const runbook = loadRunbook(TEN_LINES.replace(/^kafka: .*$/m, line), { file: 'runbook.yaml' })
  const masked: string[] = []
  const settings = brokerSettings(
    runbook.kafka!,
    variables,
    (secret) => {
      masked.push(secret)
    },
    tokens,
  )
  return { settings, masked }
}
const { signal } = new AbortController()

describe('brokerSettings', () => {
  it('reads a list of brokers from a variable', () => {
    expect(settingsOf()).toEqual({
      settings: {
        seeds: [
          { host: 'one', port: 9092 },
          { host: 'two.example', port: 9093 },
          { host: '::1', port: 9094 },
        ],
        tls: undefined,
        login: undefined,
        connectTimeoutMs: 10_000,
        requestTimeoutMs: 30_000,
      },
      masked: [],
    })
  })

  it.each(['kafka', 'one:9092,', 'one:0', 'one:99999', 'a b:9092'])('refuses %j', (list) => {
    expect(() => settingsOf('', { KAFKA_BROKERS: list })).toThrow(
      'kafka.brokers: ${KAFKA_BROKERS} is not a list of brokers.',
    )
  })

  it('encrypts with what the system trusts, or with certificates of the team’s own', () => {
    expect(settingsOf(', tls: true').settings.tls).toEqual({})
    const own = `, tls: { ca: "\${KAFKA_CA}", certificate: "\${KAFKA_CERTIFICATE}", key: "\${KAFKA_KEY}", server-name: kafka }`
    const { settings, masked } = settingsOf(own)
    expect(settings.tls).toEqual({
      ca: 'CA PEM',
      cert: 'CERTIFICATE PEM',
      key: 'KEY PEM',
      servername: 'kafka',
    })
    expect(masked).toEqual(['KEY PEM'])
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'logs in by %s, with the password masked',
    (mechanism) => {
      const { settings, masked } = settingsOf(`, sasl: { mechanism: ${mechanism} }`)
      expect(settings.login).toEqual({ mechanism, username: 'lag', password: 'hunter2' })
      expect(masked).toEqual(['hunter2'])
    },
  )

  it('takes the token of an OAuth server, and masks it as well as the secret', async () => {
    const { settings, masked } = settingsOf(
      ', sasl: { mechanism: oauthbearer, token-url: "https://login.example/token" }',
    )
    const { login } = settings
    expect(login).toMatchObject({ mechanism: 'oauthbearer' })
    if (login === undefined || 'username' in login) throw new Error('not a token')
    expect(await login.token(signal)).toBe('token of reader')
    expect(masked).toEqual(['very secret', 'token of reader'])
  })

  it('signs for AWS', async () => {
    const { settings, masked } = settingsOf(', sasl: { mechanism: aws-msk-iam }')
    const { login } = settings
    if (login === undefined || 'username' in login) throw new Error('not a token')
    expect(await login.token(signal)).toBe('signed for eu-central-1 by AKID')
    expect(masked).toEqual(['signed for eu-central-1 by AKID'])
  })

  it('names every variable that is missing', () => {
    expect(() => settingsOf(', sasl: { mechanism: plain }', {})).toThrow(
      '${KAFKA_BROKERS}, ${KAFKA_USERNAME}, ${KAFKA_PASSWORD}',
    )
  })
})
