import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { cacheFolder } from '../toolchain/cache.ts'
import type { Broker, KafkaOptions } from './broker.ts'
import { startKafka } from './broker.ts'

const cache = cacheFolder()
const log = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

describe('startKafka', () => {
  let dir: string
  const running: Broker[] = []
  const start = async (options: Partial<KafkaOptions> = {}): Promise<Broker> => {
    const broker = await startKafka({ dir, cache, log, ...options })
    running.push(broker)
    return broker
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kafka-'))
  })

  afterEach(async () => {
    await Promise.all(running.splice(0).map((broker) => broker.stop()))
    await rm(dir, { recursive: true })
  })

  it('makes topics, answers the tools, and continues with its data after a stop, at the same address or another', async () => {
    const first = await start()
    const topics = [{ topic: 'orders', numPartitions: 3 }]
    await first.createTopics(topics)
    await first.createTopics(topics)
    expect(await first.tools('kafka-topics', '--describe', '--topic', 'orders')).toContain(
      'PartitionCount: 3',
    )
    await first.stop()
    expect(isAlive(first.pid)).toBe(false)
    const { pid } = first
    await first.start()
    await first.start()
    expect(first.pid).not.toBe(pid)
    expect((await first.tools('kafka-topics', '--list')).split('\n')).toContain('orders')
    await first.stop()

    const second = await start()
    expect((await second.tools('kafka-topics', '--list')).split('\n')).toContain('orders')
  }, 90_000)

  it('refuses a port that somebody listens on', async () => {
    await using taken = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await expect(start({ port })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(`Port ${String(port)} `),
    })
  }, 60_000)

  it('ends the broker when its start is aborted', async () => {
    const aborted = new AbortController()
    const started = start({ signal: aborted.signal })
    const failed = expect(started).rejects.toMatchObject({ name: 'AbortError' })
    while (!existsSync(join(dir, 'broker.log'))) await delay(10)
    aborted.abort()
    await failed
    // Its data can be used again, so the aborted broker is gone: Kafka locks the folder.
    await start()
  }, 90_000)

  it('dies with the process that started it', async () => {
    const script = `
      const { startKafka } = await import(${JSON.stringify(join(import.meta.dirname, 'broker.ts'))})
      const broker = await startKafka({ dir: ${JSON.stringify(dir)}, cache: ${JSON.stringify(cache)}, log: () => {} })
      console.log(broker.pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line)
    expect(isAlive(pid)).toBe(true)

    parent.kill('SIGKILL')
    // The kernel tells the broker; nothing of ours could. The test's own limit says when that did not happen.
    while (isAlive(pid)) await delay(10)
    expect(isAlive(pid)).toBe(false)
  }, 60_000)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
