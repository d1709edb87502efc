import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { UserError } from '../../packages/shared/src/errors.ts'
import { dispatchEvent, pushTagEvent, type EventSource } from './events.ts'
import { makeRepository, type RepositoryFixture } from './repository.fixture.ts'

let folder: string
let repository: RepositoryFixture
let source: EventSource

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'events-'))
  repository = makeRepository(folder)
  source = {
    bare: repository.bare,
    repository: 'acme/pipeline',
    actor: 'rosa',
    server: 'https://github.test',
  }
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('pushTagEvent', () => {
  it('gives the commit of an annotated tag', async () => {
    const commit = repository.git('rev-parse', 'HEAD')
    repository.git('tag', '-a', 'v1.0.0', '-m', 'first')
    repository.git('push', '--quiet', 'origin', 'v1.0.0')
    expect(repository.git('rev-parse', 'v1.0.0')).not.toBe(commit)

    const event = await pushTagEvent(source, { tag: 'v1.0.0' })

    expect(event).toMatchObject({ name: 'push', ref: 'refs/tags/v1.0.0', sha: commit })
    expect(event.payload).toMatchObject({
      ref: 'refs/tags/v1.0.0',
      before: '0'.repeat(40),
      after: commit,
      created: true,
      deleted: false,
      forced: false,
      base_ref: 'refs/heads/main',
      head_commit: {
        id: commit,
        message: 'add README.md',
        author: { name: 'Rosa', email: 'rosa@example.test' },
      },
      pusher: { name: 'rosa' },
      sender: { login: 'rosa' },
      repository: { full_name: 'acme/pipeline', owner: { login: 'acme' }, default_branch: 'main' },
    })
  })

  it('gives a moved tag its former object, and no branch to a commit that is no tip', async () => {
    const before = repository.git('rev-parse', 'HEAD')
    repository.git('tag', 'v1.0.0')
    repository.commit('second.txt', 'two')
    repository.git('push', '--quiet', 'origin', 'main', 'v1.0.0')

    const { payload } = await pushTagEvent(source, { tag: 'v1.0.0', before: 'f'.repeat(40) })

    expect(payload).toMatchObject({
      before: 'f'.repeat(40),
      after: before,
      created: false,
      forced: true,
      base_ref: null,
    })
  })

  it('says which tag is missing', async () => {
    await expect(pushTagEvent(source, { tag: 'v9.9.9' })).rejects.toThrow(UserError)
    await expect(pushTagEvent(source, { tag: 'v9.9.9' })).rejects.toThrow(
      'acme/pipeline has no refs/tags/v9.9.9',
    )
  })
})

describe('dispatchEvent', () => {
  it('sends every input as text', async () => {
    const event = await dispatchEvent(source, {
      ref: 'refs/heads/main',
      workflow: '.github/workflows/rollback.yml',
      inputs: { 'dry-run': true, share: 10, reason: 'slow' },
    })
    expect(event).toMatchObject({
      name: 'workflow_dispatch',
      ref: 'refs/heads/main',
      sha: repository.git('rev-parse', 'HEAD'),
      payload: {
        workflow: '.github/workflows/rollback.yml',
        inputs: { 'dry-run': 'true', share: '10', reason: 'slow' },
      },
    })
  })
})
