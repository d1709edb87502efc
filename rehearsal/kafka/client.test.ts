import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { logLevel } from 'kafkajs'
import { kafkaClient } from './client.ts'

/** The answer to ApiVersions (its header is the request's correlation id): no error, no APIs, no throttle. */
const emptyApiVersions = (correlationId: number): Buffer => {
  const answer = Buffer.alloc(18)
  answer.writeInt32BE(14, 0)
  answer.writeInt32BE(correlationId, 4)
  return answer
}

describe('kafkaClient', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })

  it('arms no timer for a connection that has nothing to send', async () => {
    await using server = createServer((socket) => {
      socket.on('data', (request) => socket.write(emptyApiVersions(Buffer.from(request).readInt32BE(8))))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const timers = jest.spyOn(globalThis, 'setTimeout')

    const admin = kafkaClient({
      brokers: [`127.0.0.1:${String(port)}`],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    }).admin()
    await admin.connect().catch(() => undefined)
    await admin.disconnect()

    expect(timers.mock.calls.filter(([, delayMs]) => (delayMs ?? 0) < 0)).toEqual([])
  })
})
