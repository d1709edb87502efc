import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { installHook, parsePushes, watchPushes, type Push } from './pushes.ts'
import { makeRepository, type RepositoryFixture } from './repository.fixture.ts'

const none = '0'.repeat(40)
let folder: string
let repository: RepositoryFixture

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pushes-'))
  repository = makeRepository(folder)
  await installHook(repository.bare)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function tag(name: string): string {
  repository.git('tag', '-a', name, '-m', name)
  return repository.git('rev-parse', name)
}

/** Watches until as many pushes have come, starting with what `meanwhile` does once the watch is on. */
async function watched(count: number, meanwhile?: () => void): Promise<Push[]> {
  const stop = new AbortController()
  const pushes: Push[] = []
  const watching = watchPushes(
    repository.bare,
    (push) => {
      pushes.push(push)
      if (pushes.length === count) stop.abort()
    },
    stop.signal,
  )
  meanwhile?.()
  await watching
  return pushes
}

describe('a push to the bare repository', () => {
  it('is seen when it comes', async () => {
    const object = tag('v1.0.0')
    const pushes = await watched(1, () => repository.git('push', '--quiet', 'origin', 'v1.0.0'))
    expect(pushes).toEqual([{ ref: 'refs/tags/v1.0.0', before: none, after: object }])
    expect(readdirSync(join(repository.bare, 'pushes'))).toEqual([])
  })

  it('is seen when it came before the watch, in order', async () => {
    const objects = ['v1.0.0', 'v1.0.1', 'v1.0.2'].map((name) => {
      const object = tag(name)
      repository.git('push', '--quiet', 'origin', name)
      return object
    })
    expect((await watched(3)).map(({ after }) => after)).toEqual(objects)
  })

  it('of several references gives each, and a deleted one ends in zeros', async () => {
    const object = tag('v1.0.0')
    repository.git('push', '--quiet', 'origin', 'v1.0.0')
    const commit = repository.commit('second.txt', 'two')
    const former = repository.git('rev-parse', 'origin/main')
    repository.git('push', '--quiet', 'origin', 'main', ':v1.0.0')

    const [first, ...rest] = await watched(3)

    expect(first).toEqual({ ref: 'refs/tags/v1.0.0', before: none, after: object })
    expect(rest.toSorted((a, b) => a.ref.localeCompare(b.ref))).toEqual([
      { ref: 'refs/heads/main', before: former, after: commit },
      { ref: 'refs/tags/v1.0.0', before: object, after: none },
    ])
  })

  it('is offered once, also when the receiver throws', async () => {
    tag('v1.0.0')
    repository.git('push', '--quiet', 'origin', 'v1.0.0')
    const failing = watchPushes(
      repository.bare,
      () => {
        throw new Error('no capacity')
      },
      AbortSignal.timeout(60_000),
    )
    await expect(failing).rejects.toThrow('no capacity')
    expect(readdirSync(join(repository.bare, 'pushes'))).toEqual([])
  })

  it('is not waited for once the signal is aborted', async () => {
    const pushes: Push[] = []
    await watchPushes(repository.bare, (push) => void pushes.push(push), AbortSignal.abort())
    expect(pushes).toEqual([])
  })
})

describe('parsePushes', () => {
  it('refuses what git does not write', () => {
    expect(() => parsePushes('x y refs/tags/a')).toThrow()
    expect(() => parsePushes(`${none} ${none} HEAD`)).toThrow()
  })
})
