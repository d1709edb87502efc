import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { fetchLibraries } from './libraries.ts'

/** Stands for Maven: notes the call, and either puts a jar where it is told to or fails as Maven does. */
const maven = (ending: string): string => `#!/bin/sh
echo "$*" >> "$(dirname "$0")/calls"
for argument; do case $argument in -DoutputDirectory=*) folder=\${argument#*=};; esac; done
${ending}
`
const succeeds = 'sleep 0.2; echo bytes > "$folder/kafka.jar"'
const fails = 'echo "[ERROR] Could not transfer artifact"; exit 1'

describe('fetchLibraries', () => {
  let folder: string
  let cache: string
  const lines: string[] = []
  const fetch = (): Promise<string> =>
    fetchLibraries({ cache, log: (line) => lines.push(line), maven: join(folder, 'mvn') })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'libraries-'))
    cache = join(folder, 'cache')
    lines.length = 0
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('calls Maven once, says so, and finds the jars the next time', async () => {
    await writeFile(join(folder, 'mvn'), maven(succeeds), { mode: 0o755 })
    const libraries = await fetch()
    expect(await readdir(libraries)).toEqual(['kafka.jar'])
    expect(lines).toEqual([expect.stringContaining('Maven')])

    expect(await fetch()).toBe(libraries)
    expect((await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(1)
  })

  it('gives callers at the same time one whole folder, and leaves nothing else behind', async () => {
    await writeFile(join(folder, 'mvn'), maven(succeeds), { mode: 0o755 })
    const [first, second] = await Promise.all([fetch(), fetch()])
    expect(second).toBe(first)
    expect(await readdir(first)).toEqual(['kafka.jar'])
    expect(await readdir(cache)).toHaveLength(1)
  })

  it('says what Maven said, and keeps no half-filled folder', async () => {
    await writeFile(join(folder, 'mvn'), maven(fails), { mode: 0o755 })
    await expect(fetch()).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('Could not transfer artifact'),
    })
    expect(await readdir(cache)).toEqual([])
  })

  it('tells to install Maven when there is none', async () => {
    await expect(fetch()).rejects.toMatchObject({
      name: 'UserError',
      next: expect.stringContaining('apt install maven'),
    })
  })
})
