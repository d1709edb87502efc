// The cluster program's own tests: Go unit tests, and its end-to-end test on the built binary.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildCluster } from '../rehearsal/kubernetes/binary.ts'
import { cacheFolder } from '../rehearsal/toolchain/cache.ts'
import { requirePrerequisites } from '../rehearsal/toolchain/prerequisites.ts'

await requirePrerequisites()
const binary = await buildCluster(cacheFolder(), (line) => {
  console.log(line)
})
const child = spawn('go', ['test', '-trimpath', '-count=1', './...'], {
  cwd: join(import.meta.dirname, '../rehearsal/cluster'),
  env: { ...process.env, CLUSTER_BINARY: binary, GOWORK: 'off' },
  stdio: ['ignore', 'inherit', 'inherit'],
})
child.once('exit', (code) => {
  process.exitCode = code ?? 1
})
