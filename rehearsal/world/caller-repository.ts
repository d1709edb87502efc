import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installHook } from '../runner/pushes.ts'
import { components } from '../pipeline/components.ts'
import { rehearsalRunbook, type RunbookEdit } from './runbook.ts'

const run = promisify(execFile)
const example = join(import.meta.dirname, '../../examples/kafka-pipeline')

/** Who writes and pushes in the rehearsal. */
export const engineer = 'rosa'

const workflowFile = '.github/workflows/deploy.yml'

/** What a release changes in the repository beside its version. */
export interface ReleaseEdits {
  readonly runbook?: RunbookEdit | undefined
  /** Of the text of the caller's workflow. */
  readonly workflow?: ((text: string) => string) | undefined
  /** More files, by their paths. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

/** The repository of the team that uses the suite: a bare one to push to, and the engineer's clone of it. */
export class CallerRepository {
  readonly slug = 'acme/kafka-pipeline'
  readonly bare: string
  readonly clone: string

  private constructor(folder: string) {
    this.bare = join(folder, 'repositories', `${this.slug}.git`)
    this.clone = join(folder, 'clone')
  }

  /** Makes it from the example, with v1.0.0 tagged as released and as deployed. */
  static async create(folder: string): Promise<CallerRepository> {
    const repository = new CallerRepository(folder)
    await mkdir(repository.bare, { recursive: true })
    await run('git', ['init', '-q', '--bare', '--initial-branch=main', repository.bare])
    // The runner fetches one commit by its name, as GitHub allows.
    await repository.inBare('config', 'uploadpack.allowAnySHA1InWant', 'true')
    await run('git', ['init', '-q', '--initial-branch=main', repository.clone])
    await repository.git('remote', 'add', 'origin', repository.bare)
    await cp(example, repository.clone, { recursive: true })
    await repository.#commitRelease('v1.0.0')
    await repository.git('tag', '-a', 'v1.0.0-prod', '-m', 'Production deployment v1.0.0')
    await repository.git('push', '-q', 'origin', 'main', 'v1.0.0', 'v1.0.0-prod')
    await installHook(repository.bare)
    return repository
  }

  /** Commits and tags a release, and pushes it: that is what starts the workflow. Returns its commit. */
  async release(version: string, edits: ReleaseEdits = {}): Promise<string> {
    const commit = await this.#commitRelease(version, edits)
    await this.git('push', '-q', 'origin', 'main', version)
    return commit
  }

  /** Takes back everything after v1.0.0. */
  async reset(): Promise<void> {
    await this.git('reset', '-q', '--hard', 'v1.0.0')
    await this.git('clean', '-qfd')
    for (const ref of (await this.inBare('for-each-ref', '--format=%(refname)')).split('\n')) {
      if (ref !== '' && !['refs/heads/main', 'refs/tags/v1.0.0', 'refs/tags/v1.0.0-prod'].includes(ref)) {
        await this.inBare('update-ref', '-d', ref)
      }
    }
    await this.inBare('update-ref', 'refs/heads/main', await this.git('rev-parse', 'HEAD'))
    for (const tag of (await this.git('tag')).split('\n')) {
      if (tag !== '' && !['v1.0.0', 'v1.0.0-prod'].includes(tag)) await this.git('tag', '-d', tag)
    }
  }

  /** git in the bare repository. */
  async inBare(...args: string[]): Promise<string> {
    return (await run('git', [`--git-dir=${this.bare}`, ...args], { maxBuffer: 16 << 20 })).stdout.trim()
  }

  /** git in the engineer's clone. */
  async git(...args: string[]): Promise<string> {
    const who = ['-c', `user.name=${engineer}`, '-c', `user.email=${engineer}@users.noreply.github.com`]
    return (await run('git', ['-C', this.clone, ...who, ...args])).stdout.trim()
  }

  async #commitRelease(version: string, edits: ReleaseEdits = {}): Promise<string> {
    await rm(join(this.clone, 'README.md'), { force: true })
    const runbook = await readFile(join(example, 'runbook.yaml'), 'utf8')
    await writeFile(join(this.clone, 'runbook.yaml'), rehearsalRunbook(runbook, edits.runbook))
    const workflow = await readFile(join(example, workflowFile), 'utf8')
    await writeFile(join(this.clone, workflowFile), edits.workflow?.(workflow) ?? workflow)
    for (const [path, content] of Object.entries(edits.files ?? {})) {
      await mkdir(dirname(join(this.clone, path)), { recursive: true })
      await writeFile(join(this.clone, path), content)
    }
    const changelog = join(this.clone, 'CHANGELOG.md')
    await appendFile(changelog, `## ${version}\n\n- WP-123 Optimize upload performance\n\n`)
    for (const name of components) {
      const file = join(this.clone, 'deployments', `${name}.yaml`)
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace(/(image: registry\.local\/[\w-]+):\S+/, `$1:${version}`))
    }
    await this.git('add', '-A')
    await this.git('commit', '-q', '-m', `Release ${version}`, '-m', 'WP-123 Optimize upload performance')
    await this.git('tag', '-a', version, '-m', `Release ${version}`)
    return this.git('rev-parse', 'HEAD')
  }
}
