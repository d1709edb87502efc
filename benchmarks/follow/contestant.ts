import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { spawnBound } from '../../rehearsal/toolchain/bound-process.ts'
import { watchUsage, type Usage } from '../usage.ts'

/** How a follower did. */
export interface Followed extends Usage {
  /** When it said that the rollout is complete, by `performance.now()`. */
  readonly saidAt: number
}

const verdict = 'successfully rolled out'

/**
 * Runs a program that follows a rollout, to its end.
 *
 * @throws Error with its last words where it fails or ends without a verdict
 */
export async function runFollower(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Followed> {
  const [program = '', ...args] = command
  const child = await spawnBound(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  const usage = watchUsage(child.pid)
  const ended = once(child, 'exit')
  const said: string[] = []
  let saidAt: number | undefined
  const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      if (line.includes(verdict)) saidAt ??= performance.now()
      said.push(line)
    }
  }
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  await Promise.all(streams.map(read))
  const [code] = (await ended) as [number | null]
  const used = usage.stop()
  if (code === 0 && saidAt !== undefined) return { ...used, saidAt }
  throw new Error(`${command.join(' ')} ended with ${String(code)}:\n${said.slice(-5).join('\n')}`)
}
