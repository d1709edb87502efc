import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { contentType } from './metrics.ts'

const port = 8000

export interface Health {
  /** Why the service is not ready; undefined when it is. */
  reason: string | undefined
  /** What each check found, by its name. */
  checks: Record<string, string>
}

export interface Pages {
  component: string
  version: string
  health: () => Health
  metrics: () => string
}

/**
 * Serves `/health` (200 or 503, for readiness), `/live` (200 while the process answers at all) and `/metrics` on port
 * 8000 of the pod's own address: pods share the machine's network here.
 */
export async function serve(ip: string, pages: Pages): Promise<Server> {
  const server = createServer((request, response) => {
    const { status, type, body } = answer(request.url ?? '/', pages)
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  server.listen(port, ip)
  await once(server, 'listening')
  return server
}

interface Answer {
  status: number
  type: string
  body: string
}

function answer(url: string, { component, version, health, metrics }: Pages): Answer {
  const path = url.split('?', 1)[0]
  if (path === '/metrics') return { status: 200, type: contentType, body: metrics() }
  if (path === '/live') return json(200, { status: 'ok', component, version })
  if (path !== '/health') return json(404, { status: 'not found' })
  const { reason, checks } = health()
  return reason === undefined
    ? json(200, { status: 'ok', component, version, checks })
    : json(503, { status: 'unavailable', component, version, reason, checks })
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}
