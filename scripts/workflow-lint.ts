/**
 * Lints workflows, actions and examples: actionlint for mistakes, zizmor for what an attacker could use. Both are
 * installed once, into a cache outside the tree, and need no network afterwards.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob } from 'node:fs/promises'
import { UserError } from '../packages/shared/src/errors.ts'
import { root } from './generated-files.ts'
import { actionlint, installed, zizmor } from './linters.ts'

const workflows = ['.github/workflows/*.yml', 'examples/*/.github/workflows/*.yml']
const others = ['.github/dependabot.yml', 'actions/*/action.yml']

/** Prints what both linters find. True where neither found anything. */
async function lintWorkflows(): Promise<boolean> {
  const files = await pathsOf(workflows)
  // Without shellcheck and pyflakes, which one machine has and another has not.
  const clean = await passes(await installed(actionlint), ['-shellcheck=', '-pyflakes=', ...files])
  const audit = [
    '--offline',
    '--persona=pedantic',
    '--strict-collection',
    '--quiet',
    '--config=.github/zizmor.yml',
  ]
  const safe = await passes(await installed(zizmor), [...audit, ...files, ...(await pathsOf(others))])
  return clean && safe
}

async function pathsOf(patterns: readonly string[]): Promise<string[]> {
  return (await Array.fromAsync(glob(patterns, { cwd: root }))).sort()
}

async function passes(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}

try {
  process.exitCode = (await lintWorkflows()) ? 0 : 1
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error([error.message, error.next].join('\n'))
  process.exitCode = 1
}
