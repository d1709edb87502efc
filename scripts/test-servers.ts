// Adapters against the real servers: boots what they need once, and hands the addresses on.
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCluster } from '../rehearsal/kubernetes/binary.ts'
import { startCluster } from '../rehearsal/kubernetes/cluster.ts'
import { buildKwok } from '../rehearsal/kubernetes/fake-nodes.ts'
import { buildImages } from '../rehearsal/pipeline/images.ts'
import { buildAct } from '../rehearsal/runner/build.ts'
import { cacheFolder } from '../rehearsal/toolchain/cache.ts'
import { requirePrerequisites } from '../rehearsal/toolchain/prerequisites.ts'

await requirePrerequisites()
const cache = cacheFolder()
const log = (line: string): void => {
  console.log(line)
}
await buildAct({ cache, log })
await buildKwok({ cache, log })
const binary = await buildCluster(cache, log)
const dir = await mkdtemp(join(tmpdir(), 'runbook-servers-'))
await chmod(dir, 0o755)
const images = join(dir, 'images')
await mkdir(images)
await buildImages({ dir: images, versions: [{ version: 'v1.0.0' }, { version: 'v1.1.0' }] })
const cluster = await startCluster(binary, { dir: join(dir, 'cluster'), images, log })
try {
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--config',
    'jest.servers.config.js',
  ]
  const child = spawn('node', [...jest, ...process.argv.slice(2)], {
    cwd: join(import.meta.dirname, '..'),
    env: {
      ...process.env,
      REHEARSAL_KUBECONFIG: cluster.kubeconfig,
      REHEARSAL_KUBECTL: cluster.kubectl,
      REHEARSAL_IMAGES: images,
      REHEARSAL_AUDIT: cluster.auditLog,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('exit', (code) => {
      resolve(code ?? 1)
    })
  })
} finally {
  await cluster.stop()
  await rm(dir, { recursive: true, force: true })
}
