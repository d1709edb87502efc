import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { UserError } from '../../packages/shared/src/errors.ts'
import { isMissingProgram } from './missing-program.ts'

export type BoundProcess = ChildProcess & { readonly pid: number }

/**
 * Starts a program that the kernel kills when this process ends, however it ends: `setpriv` asks for that signal
 * and then becomes the program, so the child's pid is the program's.
 */
export async function spawnBound(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<BoundProcess> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], options)
  try {
    await once(child, 'spawn')
  } catch (error) {
    if (!isMissingProgram(error)) throw error
    const next = 'Install util-linux 2.33 or later; the rehearsal runs on Linux.'
    throw new UserError('setpriv is not on the PATH.', next, { cause: error })
  }
  if (!hasPid(child)) throw new Error(`${program} was started but has no process id`)
  return child
}

function hasPid(child: ChildProcess): child is BoundProcess {
  return child.pid !== undefined
}

/** Whether the process has not ended yet. */
export function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

/** Asks a process to end, kills it after `graceMs`, and returns once it is gone. */
export async function terminate(child: ChildProcess, graceMs: number): Promise<void> {
  if (!isRunning(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const overdue = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await ended
  clearTimeout(overdue)
}
