import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { usePrometheus } from './existing-prometheus.ts'

/** A server that answers each path with the status of `statuses`, else with 404. */
async function serverWith(statuses: Record<string, number>) {
  const server = createServer((request, response) => {
    response.writeHead(statuses[request.url ?? ''] ?? 404).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` }
}

describe('a Prometheus that runs already', () => {
  it('is asked below its path prefix, and is not taken away by a scenario', async () => {
    const { server, url } = await serverWith({ '/prefix/api/v1/query?query=1': 200 })
    await using _ = server
    const used = await usePrometheus(`${url}/prefix/`)
    expect(used.url).toBe(`${url}/prefix`)
    await expect(used.stop()).rejects.toThrow('was started by somebody else')
    await used.start()
    await used.forget()
  })

  it('is refused where its API is not there', async () => {
    const { server, url } = await serverWith({ '/': 200 })
    await using _ = server
    await expect(usePrometheus(url)).rejects.toThrow(`Prometheus at ${url} does not answer: status 404`)
  })

  it('is refused where nothing answers', async () => {
    await expect(usePrometheus('http://127.0.0.1:1')).rejects.toThrow('does not answer')
  })
})
