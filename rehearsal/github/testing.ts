import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { getOctokit as GetOctokit } from '@actions/github'
import { gitIn } from './git/process.ts'
import type { Git } from './git/process.ts'
import { startGitHub } from './server.ts'
import type { GitHub, GitHubOptions } from './server.ts'

/** The stand-in with a bare repository of its own, and GitHub's real client for actions. */
export interface TestGitHub {
  github: GitHub
  octokit: ReturnType<typeof GetOctokit>
  /** What every call of the client names. */
  at: { owner: string; repo: string }
  git: Git
  /** What git, asked beside the stand-in, prints. */
  show: (...args: string[]) => Promise<string>
  stop: () => Promise<void>
}

/** Tests wait for real git processes, also on a busy machine. */
export const testTimeoutMs = 60_000

/** The first commit's time, 2026-11-23T14:00:00Z. */
const firstCommitSeconds = Date.UTC(2026, 10, 23, 14) / 1000
const rosa = 'Rosa <rosa@example.com>'

export interface SeedCommit {
  message: string
  /** Path to content; the files of earlier commits stay. */
  files: Record<string, string>
}

/**
 * Starts the stand-in on a new bare repository whose branch `main` has these commits, one minute apart.
 * The client reads GITHUB_API_URL when it is imported, so it is imported here, after the variable is set; a second
 * stand-in of one process has its address given.
 */
export async function startTestGitHub(
  commits: readonly SeedCommit[] = [{ message: 'first', files: { 'README.md': 'hello\n' } }],
  options: Partial<GitHubOptions> = {},
): Promise<TestGitHub> {
  const directory = await mkdtemp(join(tmpdir(), 'github-'))
  const bare = join(directory, 'repository.git')
  await promisify(execFile)('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare])
  const git = gitIn(bare)
  await git(['fast-import', '--quiet'], { input: commits.map(fastImport).join('') })
  const at = { owner: 'acme', repo: 'kafka-pipeline' }
  const github = await startGitHub({ bare, ...at, ...options })
  process.env.GITHUB_API_URL = github.url
  const { getOctokit } = await import('@actions/github')
  return {
    github,
    octokit: getOctokit('token', {
      baseUrl: github.url,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    }),
    at,
    git,
    show: async (...args) => (await git(args)).stdout.toString(),
    stop: async () => {
      await github.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** The client reports every refusal on the console; here refusals are what is tested. */
function ignore(): void {
  // nothing to say
}

function fastImport({ message, files }: SeedCommit, index: number): string {
  const data = (text: string): string => `data ${String(Buffer.byteLength(text))}\n${text}\n`
  const committer = `committer ${rosa} ${String(firstCommitSeconds + index * 60)} +0000\n`
  const content = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`)
  return `commit refs/heads/main\n${committer}${data(message)}${content.join('')}\n`
}
