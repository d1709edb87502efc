import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { production } from '../world/environment.ts'
import { pipeline } from '../world/seed.ts'
import type { World } from '../world/world.ts'

/** The rollback as from a laptop in the night: a kubeconfig and the bundle; no checkout, no GitHub. */
export function rollbackFromTerminal(
  world: World,
  reason: string,
  target = 'known-good',
): Promise<{ code: number; output: string }> {
  const bundle = join(world.suite, 'actions/rollback/dist/index.js')
  const flags = [
    '--pipeline',
    pipeline,
    '--environment',
    production.name,
    '--reason',
    reason,
    '--target',
    target,
  ]
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: world.suite,
    KUBECONFIG_CONTENT: world.secrets.PRODUCTION_KUBECONFIG ?? '',
    ...world.variables,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [bundle, ...flags], { cwd: '/', env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` })
    })
  })
}
