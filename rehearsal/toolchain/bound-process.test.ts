import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { spawnBound, terminate } from './bound-process.ts'

describe('spawnBound', () => {
  it('ends the program when the process that started it is killed', async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'bound-process.ts'))
    const script = `
      const { spawnBound } = await import(${module})
      const child = await spawnBound('sleep', ['600'], { stdio: 'ignore' })
      console.log(child.pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line)
    expect(isAlive(pid)).toBe(true)

    parent.kill('SIGKILL')
    await once(parent, 'exit')
    while (isAlive(pid)) await delay(10)
  }, 10_000)
})

describe('terminate', () => {
  it('lets a program end in order', async () => {
    const child = await spawnBound('sleep', ['600'], { stdio: 'ignore' })
    await terminate(child, 10_000)
    expect(child.signalCode).toBe('SIGTERM')
    await terminate(child, 10_000)
  })

  it('kills a program that does not listen', async () => {
    const child = await spawnBound('sh', ['-c', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    if (child.stdout === null) throw new Error('no output')
    await once(child.stdout, 'data')
    await terminate(child, 50)
    expect(child.signalCode).toBe('SIGKILL')
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
