import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** An HTTP proxy that makes tunnels (CONNECT), as a company has one. */
export class ConnectProxy {
  /** Tunnels that were asked for. */
  asked: { readonly target: string; readonly authorization: string | undefined }[] = []
  /** What it answers to the first few instead. */
  refuse = { status: 403, times: 0 }
  /** Takes requests and never answers them. */
  isSilent = false
  readonly #routes: Readonly<Record<string, string>>
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer().on('connect', (request, client: Socket) => {
    this.#connect(request.url ?? '', request.headers['proxy-authorization'], client)
  })

  /** @param routes `host:port` of names that only the proxy resolves, and where they are */
  constructor(routes: Readonly<Record<string, string>> = {}) {
    this.#routes = routes
  }

  /** Returns its URL. */
  async start(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks every tunnel. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  close(): void {
    this.cut()
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #connect(target: string, authorization: string | undefined, client: Socket): void {
    this.asked.push({ target, authorization })
    this.#sockets.add(client.on('error', () => undefined))
    if (this.asked.length <= this.refuse.times)
      return void client.end(`HTTP/1.1 ${this.refuse.status} No\r\n\r\n`)
    if (this.isSilent) return
    const { hostname, port } = new URL(`tcp://${this.#routes[target] ?? target}`)
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    this.#sockets.add(upstream.on('error', () => client.destroy()).on('close', () => client.destroy()))
    client.on('close', () => upstream.destroy())
  }
}
