import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { actionNames, buildActions } from '../../scripts/build.ts'

const root = join(import.meta.dirname, '../..')

/**
 * The suite as a release tag holds it: every action's action.yml and bundle, and the workflows, byte for byte.
 * What the runner gets as runbook-actions/suite@v1.
 */
export async function stageSuite(folder: string, log: (line: string) => void): Promise<string> {
  const suite = join(folder, 'suite')
  log('building the actions')
  await buildActions()
  await rm(suite, { recursive: true, force: true })
  for (const name of actionNames()) {
    await mkdir(join(suite, 'actions', name), { recursive: true })
    await cp(join(root, 'actions', name, 'action.yml'), join(suite, 'actions', name, 'action.yml'))
    await cp(join(root, 'actions', name, 'dist'), join(suite, 'actions', name, 'dist'), { recursive: true })
  }
  await cp(join(root, '.github/workflows'), join(suite, '.github/workflows'), { recursive: true })
  return suite
}
