import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A TCP relay before the API server, which can cut connections and fall silent. */
export class TcpRelay {
  isSilent = false
  connections = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(target: URL) {
    this.#server = createServer((client) => {
      this.connections++
      const upstream = connect(Number(target.port), target.hostname)
      const forward = (from: Socket, to: Socket) => {
        this.#sockets.add(from)
        from.on('data', (chunk) => this.isSilent || to.write(chunk))
        from.on('close', () => to.destroy()).on('error', () => to.destroy())
      }
      forward(client, upstream)
      forward(upstream, client)
    })
  }

  async start(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  stop(): void {
    this.cut()
    this.#server.close()
  }
}
