import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { UserError } from '../../packages/shared/src/errors.ts'
import { buildAct, defaultCache } from './build.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function goThatSays(version: string): string {
  const go = join(folder, 'go')
  writeFileSync(go, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 })
  return go
}

describe('buildAct', () => {
  it.each(['go1.25.9', 'go1.9', 'devel'])('refuses %s', async (version) => {
    const failure = buildAct({ cache: folder, go: goThatSays(version) })
    await expect(failure).rejects.toThrow(`cannot be built with Go "${version}"`)
    await expect(failure).rejects.toMatchObject({ next: expect.stringContaining('install Go 1.26') })
  })

  it('says that Go is missing', async () => {
    const failure = buildAct({ cache: folder, go: join(folder, 'no-go') })
    await expect(failure).rejects.toThrow(UserError)
    await expect(failure).rejects.toThrow('is built with Go, which does not run')
  })

  it('says what kept the module from being fetched', async () => {
    const go = join(folder, 'go')
    writeFileSync(
      go,
      '#!/bin/sh\n[ "$1" = env ] && echo go1.26.0 && exit\necho "no route to host" >&2\nexit 1\n',
      {
        mode: 0o755,
      },
    )
    await expect(buildAct({ cache: folder, go })).rejects.toThrow(
      'could not fetch the Go module github.com/nektos/act v0.2.89: no route to host',
    )
  })
})

describe('defaultCache', () => {
  it('follows XDG_CACHE_HOME', () => {
    expect(defaultCache({ XDG_CACHE_HOME: '/x' })).toBe('/x/runbook-actions')
    expect(defaultCache({ XDG_CACHE_HOME: '' })).toMatch(/\/\.cache\/runbook-actions$/)
  })
})
