import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from '../toolchain/cache.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, '../cluster')
/** What the API server says of itself; without it it is v0.0.0-master. */
export const kubernetesVersion = 'v1.37.2'

/**
 * The cluster program, built once for its sources: seven to ten minutes on two cores the very first time, seconds
 * after an edit.
 */
export async function buildCluster(cache: string, log: (line: string) => void): Promise<string> {
  const { stdout: go } = await run('go', ['env', 'GOVERSION'])
  const key = await sourcesHash(go.trim())
  const folder = await cached(cache, `cluster-${key}`, async (partial) => {
    const began = performance.now()
    const elapsed = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`
    log('building the cluster program (once; 7 to 10 minutes on two cores, seconds with a warm Go cache)')
    const progress = setInterval(() => {
      log(`still building the cluster program, ${elapsed()}`)
    }, 60_000)
    try {
      await compile(join(partial, 'cluster'))
    } finally {
      clearInterval(progress)
    }
    log(`built the cluster program in ${elapsed()}`)
  })
  return join(folder, 'cluster')
}

async function compile(output: string): Promise<void> {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(kubernetesVersion) ?? []
  const variable = 'k8s.io/component-base/version'
  const link = `-s -w -X ${variable}.gitVersion=${kubernetesVersion} -X ${variable}.gitMajor=${major} -X ${variable}.gitMinor=${minor}`
  const build = ['build', '-trimpath', '-buildvcs=false', '-ldflags', link, '-o', output, '.']
  try {
    await run('nice', ['go', ...build], {
      cwd: source,
      env: { ...process.env, GOWORK: 'off' },
      maxBuffer: 16 << 20,
    })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Error(`The cluster program does not build:\n${stderr.trim()}`, { cause: error })
  }
}

async function sourcesHash(goVersion: string): Promise<string> {
  const files = (await readdir(source, { recursive: true }))
    .filter((name) => /(\.go|go\.mod|go\.sum|\.yaml)$/.test(name) && !name.endsWith('_test.go'))
    .sort()
  const hash = createHash('sha256').update(`${goVersion} ${kubernetesVersion} ${process.arch}\n`)
  for (const name of files) hash.update(`${name}\n`).update(await readFile(join(source, name)))
  return hash.digest('hex').slice(0, 16)
}
