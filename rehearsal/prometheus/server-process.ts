import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../packages/shared/src/errors.ts'
import { isRunning, spawnBound, terminate, type BoundProcess } from '../toolchain/bound-process.ts'
import { freePort } from '../toolchain/free-ports.ts'

const startDeadlineMs = 30_000
const askEveryMs = 50
const answerTimeoutMs = 2000
const stopGraceMs = 10_000
const portAttempts = 3

/** A server that can be taken away and brought back: its address and its data stay the same. */
export interface ServerProcess {
  readonly url: string
  /** Ends it in order, by force after 10 s; returns when it is gone. Does nothing where it does not run. */
  stop(): Promise<void>
  /** Starts it again and returns when it is ready. Does nothing where it runs. */
  start(): Promise<void>
}

export interface ServerOptions {
  readonly name: string
  readonly binary: string
  /** Holds `<name>.log`. */
  readonly dir: string
  /** The arguments that make it listen on `address`, `127.0.0.1:port`. */
  readonly args: (address: string) => string[]
}

/**
 * Starts Prometheus or Alertmanager on a free port of 127.0.0.1 and returns when it is ready. It ends with this process,
 * however that ends.
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  await mkdir(options.dir, { recursive: true })
  const { address, ...started } = await startOnFreePort(options)
  let { child } = started
  return {
    url: `http://${address}`,
    stop: () => terminate(child, stopGraceMs),
    async start() {
      if (!isRunning(child)) child = await launch(options, address)
    },
  }
}

/** Starts it, once more on another port where somebody took the free one first. */
async function startOnFreePort(options: ServerOptions): Promise<{ child: BoundProcess; address: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const address = `127.0.0.1:${String(await freePort())}`
    try {
      return { child: await launch(options, address), address }
    } catch (error) {
      if (attempt === portAttempts || !messageOf(error).includes('address already in use')) throw error
    }
  }
}

async function launch({ name, binary, dir, args }: ServerOptions, address: string): Promise<BoundProcess> {
  const logPath = join(dir, `${name}.log`)
  await using output = await open(logPath, 'w')
  const child = await spawnBound(binary, args(address), { stdio: ['ignore', output.fd, output.fd] })
  try {
    await untilReady(child, address)
    return child
  } catch (error) {
    await terminate(child, stopGraceMs)
    const tail = (await readFile(logPath, 'utf8')).trimEnd().split('\n').slice(-15).join('\n')
    throw new Error(`${name} ${messageOf(error)} The end of ${logPath}:\n${tail}`, { cause: error })
  }
}

async function untilReady(child: BoundProcess, address: string): Promise<void> {
  const deadline = AbortSignal.timeout(startDeadlineMs)
  while (!(await isReady(address))) {
    if (!isRunning(child)) throw new Error('ended while it started.')
    if (deadline.aborted) throw new Error(`was not ready within ${String(startDeadlineMs / 1000)} s.`)
    await delay(askEveryMs)
  }
  // Another program that answers on the port is told by ours having ended.
  if (!isRunning(child)) throw new Error('ended while it started.')
}

async function isReady(address: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}/-/ready`, {
      signal: AbortSignal.timeout(answerTimeoutMs),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false // not yet: the caller knows whether the process lives and when to give up
  }
}
