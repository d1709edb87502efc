import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { logLevel } from 'kafkajs'
import { openBrokerLag } from '../../packages/shared/src/kafka/open-broker-lag.ts'
import { explained, messageOf } from '../../packages/shared/src/errors.ts'
import { systemClock } from '../../packages/shared/src/ports.ts'
import { TEN_LINES } from '../../packages/shared/src/runbook/example.ts'
import { loadRunbook } from '../../packages/shared/src/runbook/load.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { startKafka, type Broker } from './broker.ts'
import { kafkaClient } from './client.ts'
import { password, securedListeners, selfSigned, user } from './secured-broker.fixture.ts'

const group = 'xact-download-worker'
const topic = 'pipeline.events'
const [server, client, stranger] = ['broker', 'client', 'stranger'].map(selfSigned)
const { signal } = new AbortController()

/** A token as Kafka's check for tests takes it: no signature. */
function token(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}

describe('getting in to a broker', () => {
  let dir: string
  let broker: Broker
  let tokens: Server
  let issued: object

  /** Reads the group as the runbook file says, with the variables, and returns its first partition. */
  const read = async (listener: string, kafka = '', variables: Record<string, string> = {}) => {
    const address = listener === 'PLAIN' ? broker.brokers[0] : broker.addresses[listener]
    const times = 'connect-timeout: 5s, request-timeout: 10s'
    const section = `kafka: { brokers: ["\${KAFKA_BROKERS}"], ${times}${kafka === '' ? '' : `, ${kafka}`} }`
    const runbook = loadRunbook(TEN_LINES.replace(/^kafka: .*$/m, section), { file: 'runbook.yaml' })
    const lag = openBrokerLag(runbook.kafka!, {
      environment: {
        KAFKA_BROKERS: address,
        KAFKA_CA: server?.cert,
        KAFKA_USERNAME: user,
        KAFKA_PASSWORD: password,
        KAFKA_CLIENT_ID: user,
        KAFKA_CLIENT_SECRET: password,
        ...variables,
      },
      mask: () => undefined,
      clock: systemClock,
    })
    try {
      return (await lag.read([group], signal)).get(group)?.partitions[0]
    } finally {
      await lag.close()
    }
  }
  const found = { topic, partition: 0, committed: 2, logEnd: 5 }
  const ca = 'tls: { ca: "${KAFKA_CA}" }'
  const oauth = (): string => {
    const { port } = tokens.address() as AddressInfo
    return `sasl: { mechanism: oauthbearer, token-url: "http://127.0.0.1:${port}/token" }`
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'secured-'))
    broker = await startKafka({
      dir,
      cache: cacheFolder(),
      log: () => undefined,
      listeners: securedListeners(server!, client!),
      settings: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // Who comes by the plain listener, and the server itself.
        'super.users': 'User:ANONYMOUS;User:CN=client;User:admin',
      },
    })
    await broker.createTopics([{ topic, numPartitions: 1 }])
    const kafka = kafkaClient({ clientId: 'test', brokers: broker.brokers, logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: Array.from({ length: 5 }, () => ({ value: 'x' })) })
    await producer.disconnect()
    const admin = kafka.admin()
    await admin.connect()
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '2' }] })
    await admin.disconnect()
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const entity = ['--entity-type', 'users', '--entity-name', user]
      const config = `${mechanism}=[password=${password}]`
      await broker.tools('kafka-configs', '--alter', ...entity, '--add-config', config)
    }
    const acl = ['--add', '--allow-principal', `User:${user}`, '--operation', 'Describe']
    await broker.tools('kafka-acls', ...acl, '--group', group, '--topic', topic)

    tokens = createServer((_, response) => {
      response.writeHead(200, { connection: 'close' })
      response.end(JSON.stringify({ access_token: token(issued), expires_in: 60 }))
    }).listen(0, '127.0.0.1')
    await once(tokens, 'listening')
  }, 180_000)

  afterAll(async () => {
    await tokens[Symbol.asyncDispose]()
    await broker.stop()
    await rm(dir, { recursive: true })
  }, 60_000)

  it('needs nothing where the listener is plain', async () => {
    expect(await read('PLAIN')).toMatchObject(found)
  })

  it('by TLS, without a certificate of the client', async () => {
    expect(await read('ENCRYPTED', ca)).toMatchObject(found)
  })

  it('by TLS, with a certificate of the client', async () => {
    const mutual = 'tls: { ca: "${KAFKA_CA}", certificate: "${KAFKA_CERTIFICATE}", key: "${KAFKA_KEY}" }'
    const own = { KAFKA_CERTIFICATE: client!.cert, KAFKA_KEY: client!.key }
    expect(await read('MUTUAL', mutual, own)).toMatchObject(found)
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('by %s', async (mechanism) => {
    expect(await read('LOGIN', `${ca}, sasl: { mechanism: ${mechanism} }`)).toMatchObject(found)
  })

  it('by a token of an OAuth server', async () => {
    const now = Math.floor(Date.now() / 1000)
    issued = { sub: user, iat: now, exp: now + 60 }
    expect(await read('LOGIN', `${ca}, ${oauth()}`)).toMatchObject(found)
  })

  describe('fails in words, without a secret, where', () => {
    it.each<[string, () => Promise<unknown>, string, string]>([
      [
        'the authority is not known',
        () => read('ENCRYPTED', 'tls: true'),
        'comes from an authority that is not known here',
        'kafka.tls.ca',
      ],
      [
        'the certificate is of another name',
        () => read('ENCRYPTED', 'tls: { ca: "${KAFKA_CA}", server-name: kafka.example }'),
        'is of another name',
        'kafka.tls.server-name',
      ],
      [
        'the client has no certificate',
        () => read('MUTUAL', ca),
        'does not accept our client certificate, or misses one',
        'kafka.tls.certificate',
      ],
      [
        'the certificate of the client is of a stranger',
        () =>
          read(
            'MUTUAL',
            'tls: { ca: "${KAFKA_CA}", certificate: "${KAFKA_CERTIFICATE}", key: "${KAFKA_KEY}" }',
            {
              KAFKA_CERTIFICATE: stranger!.cert,
              KAFKA_KEY: stranger!.key,
            },
          ),
        'does not accept our client certificate, or misses one',
        'kafka.tls.certificate',
      ],
      ['TLS is spoken to a plain listener', () => read('PLAIN', 'tls: true'), '127.0.0.1', 'kafka.tls'],
      ['no TLS is spoken to a TLS listener', () => read('ENCRYPTED'), '127.0.0.1', 'kafka.tls'],
      ['a login is missing', () => read('LOGIN', ca), 'hung up', 'kafka.sasl'],
      [
        'nobody wants a login',
        () => read('PLAIN', 'sasl: { mechanism: plain }'),
        'wants no login',
        'Leave out kafka.sasl',
      ],
      [
        'the mechanism is not offered',
        () => read('ONLYPLAIN', 'sasl: { mechanism: scram-sha-256 }'),
        'offers no login by SCRAM-SHA-256',
        'sasl.enabled.mechanisms',
      ],
      ...['plain', 'scram-sha-256', 'scram-sha-512'].map(
        (mechanism): [string, () => Promise<unknown>, string, string] => [
          `the password is wrong, by ${mechanism}`,
          () =>
            read('LOGIN', `${ca}, sasl: { mechanism: ${mechanism} }`, { KAFKA_PASSWORD: 'hunter2-hunter2' }),
          `refused the login as ${user} by ${mechanism.toUpperCase()}`,
          'kafka.sasl.password',
        ],
      ),
    ])('%s', async (_, reading, message, next) => {
      const error = await reading().then(
        () => undefined,
        (failure: unknown) => failure,
      )
      expect(error).toMatchObject({ name: 'UserError' })
      expect(explained(error)).toContain(message)
      expect(explained(error)).toContain(next)
      for (const secret of ['hunter2', password, client!.key]) expect(explained(error)).not.toContain(secret)
    })

    it('the token has ended', async () => {
      issued = { sub: user, iat: 1_000, exp: 2_000 }
      const error: unknown = await read('LOGIN', `${ca}, ${oauth()}`).catch((failure: unknown) => failure)
      expect(messageOf(error)).toContain(
        'refused the login by OAUTHBEARER: it does not accept the token (invalid_token)',
      )
      expect(explained(error)).not.toContain(token(issued))
    })

    it('the group may not be described', async () => {
      issued = {
        sub: 'somebody',
        iat: Math.floor(Date.now() / 1000),
        exp: Math.floor(Date.now() / 1000) + 60,
      }
      await expect(read('LOGIN', `${ca}, ${oauth()}`)).rejects.toMatchObject({
        name: 'UserError',
        message: `The principal of the oauthbearer token may not read the consumer group ${group}.`,
        next: expect.stringContaining(`--operation Describe --group ${group}`) as unknown,
      })
    })
  })
})
