import type { Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Health } from './server.ts'
import { serve } from './server.ts'

/** Any address of 127/8 is this machine: one of its own keeps port 8000 free of other tests. */
const ip = '127.0.8.1'

describe('serve', () => {
  let server: Server
  let health: Health
  const get = (path: string): Promise<Response> => fetch(`http://${ip}:8000${path}`)

  beforeAll(async () => {
    server = await serve(ip, {
      component: 'download-worker',
      version: 'v1.0.0',
      health: () => health,
      metrics: () => 'app_info 1\n',
    })
  })

  beforeEach(() => {
    health = { reason: undefined, checks: { kafka: 'connected' } }
  })

  afterAll(async () => {
    server.closeAllConnections()
    await server[Symbol.asyncDispose]()
  })

  it('says ok with the version and the checks when there is no reason against it', async () => {
    const response = await get('/health')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ok',
      component: 'download-worker',
      version: 'v1.0.0',
      checks: { kafka: 'connected' },
    })
  })

  it('says 503 with the reason otherwise, and stays alive', async () => {
    health = { reason: 'is connecting to Kafka', checks: { kafka: 'connecting' } }
    const response = await get('/health?full')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ status: 'unavailable', reason: 'is connecting to Kafka' })
    expect((await get('/live')).status).toBe(200)
  })

  it('serves the metrics with the type that Prometheus asks for', async () => {
    const response = await get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toBe('app_info 1\n')
  })

  it('knows no other page', async () => {
    expect((await get('/')).status).toBe(404)
  })
})
