import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { readFromBrokers } from './broker-lag.ts'
import type { BrokerSettings } from './broker-settings.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()

/** A listener that does with each connection what the test says. */
async function listener(handle: (socket: Socket) => void, server = createServer(handle)): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()))
})

const read = async (
  port: number,
  more: Partial<BrokerSettings> = {},
  signal = new AbortController().signal,
) => {
  const settings: BrokerSettings = {
    seeds: [{ host: '127.0.0.1', port }],
    tls: undefined,
    login: undefined,
    connectTimeoutMs: 150,
    requestTimeoutMs: 1_000,
    ...more,
  }
  return readFromBrokers(['a-group'], settings, { now: () => new Date(0) }, signal)
}
const said = (message: string, next: string) => ({
  name: 'UserError',
  message: expect.stringContaining(message) as unknown,
  next: expect.stringContaining(next) as unknown,
})

describe('what is not a broker', () => {
  it('refuses', async () => {
    const server = createServer()
    const port = await listener(() => undefined, server)
    await server[Symbol.asyncDispose]()
    servers.splice(servers.indexOf(server), 1)
    await expect(read(port)).rejects.toMatchObject(
      said(`127.0.0.1:${port} refused the connection.`, 'port is the one of its listener'),
    )
  })

  it('takes the connection and says nothing', async () => {
    const port = await listener((socket) => socket.resume())
    await expect(read(port)).rejects.toMatchObject(said('did not answer in time', 'kafka.request-timeout'))
  })

  it('answers something else', async () => {
    const port = await listener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await expect(read(port)).rejects.toMatchObject(said('is not Kafka’s protocol', 'kafka.tls: true'))
  })

  it('answers what nobody asked for', async () => {
    const port = await listener((socket) => socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 99])))
    await expect(read(port)).rejects.toMatchObject(said('is not Kafka’s protocol', 'kafka.tls'))
  })

  it('hangs up, as a listener does that wants TLS or a login', async () => {
    const port = await listener((socket) => socket.end())
    await expect(read(port)).rejects.toMatchObject(
      said('hung up during ApiVersions', 'wants TLS or a login hangs up like this'),
    )
  })

  it('speaks no TLS', async () => {
    const port = await listener((socket) => socket.write('220 hello\r\n'))
    await expect(read(port, { tls: {} })).rejects.toMatchObject(
      said('does not speak TLS', 'kafka.tls: false'),
    )
  })

  it('never finishes the TLS handshake', async () => {
    const port = await listener((socket) => socket.resume())
    await expect(read(port, { tls: {} })).rejects.toMatchObject(
      said('did not take a connection within 0.15 s', 'a firewall'),
    )
  })
})

describe('a reading', () => {
  it('ends at once when it is aborted, and lets its connection go', async () => {
    const connected = Promise.withResolvers<Socket>()
    const port = await listener((socket) => {
      connected.resolve(socket.resume())
    })
    const controller = new AbortController()
    const reading = read(port, { connectTimeoutMs: 60_000, requestTimeoutMs: 60_000 }, controller.signal)
    const socket = await connected.promise
    const closed = once(socket, 'close')
    controller.abort(new Error('cancelled by SIGINT'))
    await expect(reading).rejects.toThrow('cancelled by SIGINT')
    await closed
  })

  it('names what a person can mend before what may pass', async () => {
    const silent = await listener((socket) => socket.resume())
    const strange = await listener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const seeds = [silent, strange].map((port) => ({ host: '127.0.0.1', port }))
    await expect(read(0, { seeds })).rejects.toThrow('is not Kafka’s protocol')
  })
})
