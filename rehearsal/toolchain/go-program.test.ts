import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { UserError } from '../../packages/shared/src/errors.ts'
import { buildGoProgram, type GoProgram } from './go-program.ts'

const program: GoProgram = {
  name: 'greeter',
  title: 'the greeter',
  module: 'example.com/greeter',
  version: 'v1.0.0',
  package: './cmd/greeter',
  flags: ['-tags', 'loud'],
  takes: 'a moment',
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'go-program-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** A Go command: says its version, and does what the script says for all else. */
function goThat(script: string): string {
  const go = join(folder, 'go')
  writeFileSync(go, `#!/bin/sh\n[ "$1" = env ] && echo go1.26.0 && exit\n${script}\n`, { mode: 0o755 })
  return go
}

/** A Go command with the module in its cache, whose builds are the source and the arguments. */
function goThatBuilds(): string {
  const module = mkdtempSync(join(folder, 'module-'))
  writeFileSync(join(module, 'main.go'), 'hello', { mode: 0o444 })
  return goThat(`
[ "$1" = mod ] && echo '{"Dir": "${module}"}' && exit
for last; do [ "$before" = -o ] && output=$last; before=$last; done
{ cat main.go; echo; echo "$@"; } > "$output"`)
}

describe('buildGoProgram', () => {
  it('builds a changed copy of the module, and keeps the binary alone', async () => {
    const change = {
      key: 'one',
      apply: (source: string) => {
        writeFileSync(join(source, 'main.go'), 'goodbye')
        return Promise.resolve()
      },
    }
    const cache = join(folder, 'cache')
    const binary = await buildGoProgram({ ...program, change }, { cache, go: goThatBuilds() })
    expect(readFileSync(binary, 'utf8')).toMatch(/^goodbye\nbuild .*-tags loud -o \S+ \.\/cmd\/greeter\n$/)
    const kept = readdirSync(cache)
    expect(kept).toEqual([expect.stringMatching(/^greeter-v1\.0\.0-[0-9a-f]{16}$/)])
    expect(readdirSync(join(cache, ...kept))).toEqual(['greeter'])
  })

  it('builds once, and anew for another change or other flags', async () => {
    const lines: string[] = []
    const options = {
      cache: join(folder, 'cache'),
      go: goThatBuilds(),
      log: (line: string) => lines.push(line),
    }
    const change = (key: string) => ({ key, apply: () => Promise.resolve() })
    const programs = [
      program,
      program,
      { ...program, flags: [] },
      { ...program, change: change('one') },
      { ...program, change: change('two') },
    ]
    const binaries: string[] = []
    for (const each of programs) binaries.push(await buildGoProgram(each, options))
    expect(new Set(binaries).size).toBe(4)
    expect(lines.filter((line) => line.startsWith('building the greeter, greeter v1.0.0'))).toHaveLength(4)
  })

  it('says that Go is missing', async () => {
    const failure = buildGoProgram(program, { cache: folder, go: join(folder, 'no-go') })
    await expect(failure).rejects.toThrow(UserError)
    await expect(failure).rejects.toThrow('the greeter is built with Go, which does not run')
  })

  it('says what kept the module from being fetched', async () => {
    const go = goThat('echo "no route to host" >&2; exit 1')
    await expect(buildGoProgram(program, { cache: folder, go })).rejects.toThrow(
      'The Go module example.com/greeter v1.0.0 cannot be fetched: no route to host',
    )
  })

  it('says what does not build, and keeps nothing of it', async () => {
    const module = mkdtempSync(join(folder, 'module-'))
    const go = goThat(
      `[ "$1" = mod ] && echo '{"Dir": "${module}"}' && exit; echo "syntax error" >&2; exit 1`,
    )
    const cache = join(folder, 'cache')
    await expect(buildGoProgram(program, { cache, go })).rejects.toThrow(
      'greeter v1.0.0 does not build: syntax error',
    )
    expect(readdirSync(cache)).toEqual([])
  })
})
