import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf, UserError } from '../packages/shared/src/errors.ts'
import { cached, cacheFolder } from '../rehearsal/toolchain/cache.ts'

const run = promisify(execFile)

/** A linter that is installed into a folder of its own. */
interface Linter {
  readonly name: string
  readonly version: string
  /** Its executable in that folder. */
  readonly executable: string
  readonly install: (folder: string, version: string) => Promise<void>
  readonly needs: string
}

export const actionlint: Linter = {
  name: 'actionlint',
  version: '1.7.12',
  executable: 'actionlint',
  needs: 'Go 1.25 or newer on the PATH, and a Go module proxy',
  async install(folder, version) {
    const module = `github.com/rhysd/actionlint/cmd/actionlint@v${version}`
    await run('go', ['install', module], { env: { ...process.env, GOBIN: folder, GOFLAGS: '' } })
  },
}

export const zizmor: Linter = {
  name: 'zizmor',
  version: '1.32.0',
  // A program of its own: it does not mind that its virtual environment is moved.
  executable: 'bin/zizmor',
  needs: 'Python 3 with venv (Debian: python3-venv) on the PATH, and a Python package index',
  async install(folder, version) {
    await run('python3', ['-m', 'venv', folder])
    const quiet = ['--quiet', '--disable-pip-version-check']
    await run(join(folder, 'bin/pip'), ['install', ...quiet, '--no-deps', `zizmor==${version}`])
  },
}

/**
 * The path of a linter's executable, installed outside the tree the first time.
 *
 * @throws UserError where it cannot be installed, with what it needs
 */
export async function installed({ name, version, executable, install, needs }: Linter): Promise<string> {
  const folder = await cached(cacheFolder(), `${name}-${version}`, async (partial) => {
    console.error(`Installing ${name} ${version} (once) …`)
    await install(partial, version)
  }).catch((cause: unknown) => {
    const what = `${name} ${version} could not be installed: ${messageOf(cause)}`
    throw new UserError(what, `It needs ${needs}.`, { cause })
  })
  return join(folder, executable)
}
