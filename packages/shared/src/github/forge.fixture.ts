// A forge in memory for tests of the phases.
import { UserError } from '../errors.ts'
import type { AnnotatedTag, Forge, LogEntry, RunApproval } from './forge.ts'

export class FakeForge implements Forge {
  readonly tags = new Map<string, string>()
  readonly made: AnnotatedTag[] = []
  readonly log: LogEntry[] = []
  answers: RunApproval[] = []
  author: string | undefined = 'ana'

  commitAuthor(): Promise<string | undefined> {
    return Promise.resolve(this.author)
  }

  tagCommit(tag: string): Promise<string | undefined> {
    return Promise.resolve(this.tags.get(tag))
  }

  approvals(): Promise<readonly RunApproval[]> {
    return Promise.resolve(this.answers)
  }

  createTag(tag: AnnotatedTag): Promise<'created' | 'exists'> {
    const existing = this.tags.get(tag.name)
    if (existing === tag.commit) return Promise.resolve('exists')
    if (existing !== undefined) return Promise.reject(new UserError(`The tag ${tag.name} exists already`))
    this.tags.set(tag.name, tag.commit)
    this.made.push(tag)
    return Promise.resolve('created')
  }

  appendLog(entry: LogEntry): Promise<{ added: boolean; commit: string }> {
    const added = !this.log.some(({ line }) => line.includes(entry.key))
    if (added) this.log.push(entry)
    return Promise.resolve({ added, commit: 'd00d' })
  }
}
