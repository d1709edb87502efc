import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const { port, release } = await hold()
  await release()
  return port
}

/** Two ports of 127.0.0.1 that nobody listens on; both are held before one is let go, so that they differ. */
export async function twoFreePorts(): Promise<[number, number]> {
  const first = await hold()
  const second = await hold()
  await Promise.all([first.release(), second.release()])
  return [first.port, second.port]
}

async function hold(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return { port: address.port, release: () => server[Symbol.asyncDispose]() }
}
