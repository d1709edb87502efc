import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { OauthTokens } from './oauth-token.ts'

const secret = 'hunter2/with:colon'
const { signal } = new AbortController()

describe('OauthTokens', () => {
  let server: Server
  let now = 0
  let answers: { status: number; body: unknown; location?: string }[]
  const asked: { authorization: string | undefined; body: string }[] = []
  const tokens = () => new OauthTokens({ now: () => new Date(now) })
  const request = (more: object = {}) => ({
    tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?tenant=7`,
    clientId: 'lag reader',
    clientSecret: secret,
    scope: 'kafka',
    ...more,
  })

  beforeEach(async () => {
    now = 0
    asked.length = 0
    answers = [{ status: 200, body: { access_token: 'first', expires_in: 300 } }]
    server = createServer((received: IncomingMessage, response) => {
      let body = ''
      received.on('data', (chunk: Buffer) => (body += chunk.toString()))
      received.on('end', () => {
        asked.push({ authorization: received.headers.authorization, body })
        const { status, body: text, location } = answers.shift() ?? { status: 500, body: {} }
        response.writeHead(status, { connection: 'close', ...(location !== undefined && { location }) })
        response.end(typeof text === 'string' ? text : JSON.stringify(text))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterEach(async () => {
    await server[Symbol.asyncDispose]()
  })

  it('asks by the client credentials grant, with the secret in the header alone', async () => {
    expect(await tokens().get(request(), signal)).toBe('first')
    const credentials = `lag%20reader:${encodeURIComponent(secret)}`
    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        body: 'grant_type=client_credentials&scope=kafka',
      },
    ])
  })

  it('asks once for all connections of a reading, and again before the token ends', async () => {
    answers.push({ status: 200, body: { access_token: 'second' } })
    const source = tokens()
    expect(await Promise.all([source.get(request(), signal), source.get(request(), signal)])).toEqual([
      'first',
      'first',
    ])
    now = 269_000
    expect(await source.get(request(), signal)).toBe('first')
    now = 271_000
    expect(await source.get(request(), signal)).toBe('second')
    expect(asked).toHaveLength(2)
  })

  it.each([
    [
      { status: 401, body: { error: 'invalid_client', error_description: 'no such client' } },
      'gives no token for the client lag reader: invalid_client no such client',
    ],
    [{ status: 503, body: 'busy' }, 'gives no token for the client lag reader: HTTP 503'],
    [{ status: 200, body: { token: 'x' } }, 'its answer holds no access_token'],
    [{ status: 302, body: '', location: 'http://127.0.0.1:1/' }, 'cannot be asked'],
  ])('says what a server answers with %j, and never the secret', async (answer, message) => {
    answers = [answer]
    const failed = expect(tokens().get(request(), signal)).rejects
    await failed.toThrow(message)
  })

  it('tries again after a refusal', async () => {
    answers.unshift({ status: 503, body: '' })
    const source = tokens()
    await expect(source.get(request(), signal)).rejects.toThrow('HTTP 503')
    expect(await source.get(request(), signal)).toBe('first')
  })

  it('says that nothing listens there', async () => {
    const failed = tokens().get(request({ tokenUrl: 'http://127.0.0.1:1/token' }), signal)
    await expect(failed).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('http://127.0.0.1:1 cannot be asked') as unknown,
      next: expect.stringContaining('kafka.sasl.token-url') as unknown,
    })
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining(secret) as unknown })
  })
})
