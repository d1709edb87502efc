// A pod for a Prometheus of a test: it serves what the test says, or nothing.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class ScrapedPod {
  readonly name: string
  /** Its samples; undefined where it does not answer. */
  samples: ReadonlyMap<string, number> | undefined
  readonly #server: Server

  private constructor(name: string) {
    this.name = name
    this.#server = createServer((request, response) => {
      if (this.samples === undefined) return void request.socket.destroy()
      const lines = [...this.samples].map(([series, value]) => `${series} ${String(value)}\n`)
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(lines.join(''))
    })
  }

  static async start(name: string): Promise<ScrapedPod> {
    const pod = new ScrapedPod(name)
    pod.#server.listen(0, '127.0.0.1')
    await once(pod.#server, 'listening')
    return pod
  }

  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
