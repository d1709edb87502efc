import type { KubernetesApi } from '../api.ts'
import { AmbiguousWrite, ApiError } from '../api-error.ts'
import { changedMeanwhile } from '../changed-meanwhile.ts'
import type { Deployment } from '../component.ts'
import { deployments } from '../resources.ts'
import { restorePatch, type DeploymentRestore } from './wanted-deployment.ts'

/** How often it is read and written again where somebody wrote in between: controllers do all the time. */
const writeAttempts = 10

/**
 * Puts a Deployment back. Each attempt insists on what it has read, so that nobody's write is lost unseen; one whose
 * answer was lost is looked at again before anything is written twice.
 *
 * @returns the Deployment as it stands; in a dry run as it would
 * @throws UserError where others keep changing it
 */
export async function restoreDeployment(
  api: KubernetesApi,
  namespace: string,
  wanted: DeploymentRestore,
  signal: AbortSignal,
): Promise<Deployment> {
  const name = wanted.deployment
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const live = await api.get(deployments, namespace, name, { signal })
    const patch = restorePatch(live, wanted)
    if (patch === undefined) return live
    try {
      return await api.patch(deployments, namespace, name, patch, 'json', { signal })
    } catch (error) {
      if (error instanceof AmbiguousWrite) continue
      // A failed test of a JSON patch is a 422 of its own kind.
      const isRaced = error instanceof ApiError && (error.isConflict || isFailedTest(error))
      if (!isRaced) throw error
    }
  }
  throw changedMeanwhile(name)
}

function isFailedTest({ status, serverMessage }: ApiError): boolean {
  return status === 422 && /test operation|the server rejected our request/u.test(serverMessage)
}
