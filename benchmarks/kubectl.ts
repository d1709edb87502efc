import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kubernetesVersion } from '../rehearsal/kubernetes/binary.ts'
import { cached, cacheFolder } from '../rehearsal/toolchain/cache.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, '../rehearsal/cluster')

/**
 * kubectl as it is released, of the rehearsal cluster's version. The cluster has one, too, but as a part of a program that
 * is all of Kubernetes: in its memory that would be counted.
 */
export async function buildKubectl(log: (line: string) => void): Promise<string> {
  const { stdout } = await run('go', ['env', 'GOVERSION'])
  const name = `kubectl-${kubernetesVersion}-${stdout.trim()}`
  const folder = await cached(cacheFolder(), name, async (partial) => {
    log('building kubectl (once, seconds where the cluster has been built)')
    const build = [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      '-s -w',
      '-o',
      join(partial, 'kubectl'),
    ]
    const env = { ...process.env, GOWORK: 'off' }
    await run('nice', ['go', ...build, 'k8s.io/kubernetes/cmd/kubectl'], {
      cwd: source,
      env,
      maxBuffer: 16 << 20,
    })
  })
  return join(folder, 'kubectl')
}
