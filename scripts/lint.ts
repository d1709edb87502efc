// npm run lint: style and layers (eslint), format (prettier), what is generated is current, workflows (actionlint, zizmor).
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

const commands: readonly (readonly string[])[] = [
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['eslint', '.'],
  ['node', 'scripts/schema.ts', '--check'],
  ['node', 'scripts/action-docs.ts', '--check'],
  ['node', 'scripts/workflow-docs.ts', '--check'],
  ['node', 'scripts/workflow-lint.ts'],
]

let failed = false
for (const [program = '', ...args] of commands) {
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code === 0) continue
  failed = true
  console.error(`✘ ${[program, ...args].join(' ')} ended with ${String(code)}`)
}
process.exitCode = failed ? 1 : 0
