import { readFileSync } from 'node:fs'
import { readManifest, type Manifest } from '../cluster/manifest/read-manifest.ts'
import { UserError } from '../errors.ts'
import type { DeploymentRecord } from '../record/schema.ts'

/**
 * The manifests of the plan, by Deployment, from the files of the repository that is checked out.
 *
 * @throws UserError where a file is missing or cannot be applied in this environment
 */
export function readManifests(
  { plan, namespace }: Pick<DeploymentRecord, 'plan' | 'namespace'>,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ReadonlyMap<string, Manifest> {
  return new Map(
    plan.flatMap(({ deployment, container, manifest: file }) =>
      file === undefined
        ? []
        : [
            [
              deployment,
              readManifest(read(file, deployment, readText), file, { deployment, container, namespace }),
            ],
          ],
    ),
  )
}

function read(file: string, deployment: string, readText: (path: string) => string): string {
  try {
    return readText(file)
  } catch (cause) {
    throw new UserError(
      `The manifest ${file} of ${deployment} cannot be read.`,
      'Check the repository out in a step before this one; "manifest" of the component is relative to its root.',
      { cause },
    )
  }
}
