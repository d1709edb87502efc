import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A bare repository `acme/pipeline` and a clone of it, made for one test. */
export interface RepositoryFixture {
  /** Folder of bare repositories. */
  repositories: string
  bare: string
  /** Runs git in the clone; gives what it printed. */
  git: (...args: string[]) => string
  /** Commits a file and gives the commit. */
  commit: (name: string, text: string) => string
}

/** Makes the repositories below the folder, with one commit on `main` that holds the files of `content`, pushed. */
export function makeRepository(folder: string, content?: string): RepositoryFixture {
  const repositories = join(folder, 'repositories')
  const bare = join(repositories, 'acme', 'pipeline.git')
  const clone = join(folder, 'clone')
  mkdirSync(bare, { recursive: true })
  mkdirSync(clone)
  const identity = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`GIT_${role}_NAME`, 'Rosa'],
      [`GIT_${role}_EMAIL`, 'rosa@example.test'],
    ]),
  )
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', clone, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, ...identity },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  const commit = (name: string, text: string) => {
    writeFileSync(join(clone, name), text)
    git('add', '--all')
    git('commit', '--quiet', '-m', `add ${name}`)
    return git('rev-parse', 'HEAD')
  }
  git('init', '--quiet', '--bare', '--initial-branch=main', bare)
  git('init', '--quiet', '--initial-branch=main')
  git('remote', 'add', 'origin', bare)
  if (content) cpSync(content, clone, { recursive: true })
  commit('README.md', 'pipeline\n')
  git('push', '--quiet', 'origin', 'main')
  return { repositories, bare, git, commit }
}
