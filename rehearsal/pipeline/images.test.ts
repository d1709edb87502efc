import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { buildImages } from './images.ts'

const run = promisify(execFile)

describe('buildImages', () => {
  let folder: string
  let dir: string
  const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(dir, path), 'utf8'))

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'images-'))
    dir = join(folder, 'registry')
    await buildImages({
      dir,
      versions: [
        { version: 'v1.0.0' },
        {
          version: 'v1.1.0',
          components: ['download-worker'],
          faults: { production: { crash: 'out of memory' } },
        },
      ],
    })
  }, 60_000)

  afterAll(async () => {
    await rm(folder, { recursive: true })
  })

  it('writes each version of each component as a folder', async () => {
    expect((await readdir(dir)).sort()).toEqual(['download-worker', 'event-ingester', 'result-processor'])
    expect((await readdir(join(dir, 'download-worker'))).sort()).toEqual(['v1.0.0', 'v1.1.0'])
    expect(await readdir(join(dir, 'event-ingester'))).toEqual(['v1.0.0'])
    expect((await readdir(join(dir, 'event-ingester/v1.0.0'))).sort()).toEqual([
      'faults.json',
      'image.json',
      'service.js',
      'version.json',
    ])
  })

  it('says how to start it, what it is and what is wrong with it', async () => {
    expect(await json('download-worker/v1.1.0/image.json')).toEqual({
      Entrypoint: [process.execPath, 'service.js'],
      Env: ['VERSION=v1.1.0'],
      WorkingDir: '',
    })
    expect(await json('download-worker/v1.1.0/version.json')).toEqual({
      name: 'download-worker',
      version: 'v1.1.0',
    })
    expect(await json('download-worker/v1.1.0/faults.json')).toEqual({
      production: { crash: 'out of memory' },
    })
    expect(await json('download-worker/v1.0.0/faults.json')).toEqual({})
  })

  it('bundles a program that needs nothing beside it', async () => {
    const program = await readFile(join(dir, 'result-processor/v1.0.0/service.js'), 'utf8')
    const required = [...program.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name)
    expect(required.filter((name) => name?.startsWith('.'))).toEqual([])
    await expect(
      run(process.execPath, ['service.js'], { cwd: join(dir, 'result-processor/v1.0.0'), env: {} }),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('FATAL configuration: POD_IP is not set'),
    })
  })

  it('gives the same bytes each time', async () => {
    const again = join(folder, 'again')
    await buildImages({ dir: again, versions: [{ version: 'v1.0.0' }] })
    const program = 'download-worker/v1.0.0/service.js'
    expect(await readFile(join(again, program), 'utf8')).toBe(await readFile(join(dir, program), 'utf8'))
  }, 60_000)

  it('refuses a fault that no service knows', async () => {
    const faults = { production: { errorRate: 30 } }
    await expect(buildImages({ dir, versions: [{ version: 'v2.0.0', faults }] })).rejects.toThrow('errorRate')
    await expect(stat(join(dir, 'event-ingester/v2.0.0'))).rejects.toMatchObject({ code: 'ENOENT' })
  }, 60_000)

  it('refuses a Node that the user of the pods cannot reach', async () => {
    const closed = join(folder, 'closed')
    await mkdir(closed, { mode: 0o700 })
    const node = join(closed, 'node')
    await writeFile(node, '', { mode: 0o755 })
    await expect(buildImages({ dir, versions: [], node })).rejects.toMatchObject({
      name: 'UserError',
      next: expect.stringContaining(`chmod o+x ${closed}`),
    })
  })
})
