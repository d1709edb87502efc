import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'

const stray = JSON.stringify(join(import.meta.dirname, 'stray.ts'))

/** Prints without end; an error of printing is told on standard error. */
const program = `
  const { catchStrays, outliveReaders } = await import(${stray})
  outliveReaders(process)
  const strays = catchStrays(process)
  strays.ignore((error) => process.stderr.write(error.code + '\\n'))
  let failed = 0
  const print = () => process.stdout.write('line\\n', (error) => {
    if (error && ++failed === 3) process.exit(7)
    setImmediate(print)
  })
  print()`

it('goes on where nobody reads any more, and does not print about that', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number]
  expect([code, told]).toEqual([7, ''])
})
