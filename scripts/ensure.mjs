// Makes any `npm run …` work as the first command on a fresh clone: installs the locked dependencies when they are
// missing or older than the lock file. Plain JavaScript without dependencies, for any Node from 20 on.
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)
const stamp = new URL('node_modules/.lock-sha256', root)
const oldestNode = 20

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < oldestNode) {
  console.error(
    `This repository needs Node ${oldestNode} or newer to start; this is ${process.version}. Install a newer Node and run the command again.`,
  )
  process.exit(1)
}

const wanted = createHash('sha256')
  .update(readFileSync(new URL('package-lock.json', root)))
  .digest('hex')
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : ''
if (installed !== wanted) {
  console.error('Installing the dependencies (npm ci), about half a minute …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // NODE_ENV=production would leave out the development dependencies, which hold the tools and Node 24 itself.
    env: { ...process.env, NODE_ENV: '' },
  })
  writeFileSync(stamp, wanted)
}
