import type { KubernetesApi } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Deployment } from '../component.ts'
import { changedMeanwhile } from '../changed-meanwhile.ts'
import { changedFields, type FieldChange } from '../object-diff.ts'
import { deployments, type AnyObject } from '../resources.ts'
import { ManifestError, type ManifestProblem } from './manifest-error.ts'
import { prepareDeployment, type DeploymentDecisions } from './prepare-deployment.ts'
import type { Manifest, ManifestObject } from './read-manifest.ts'

/** One manifest's write. */
export interface ManifestWrite extends DeploymentDecisions {
  readonly manifest: Manifest
  /** `metadata.generation` of the Deployment that the decision was made on: another one means somebody else wrote. */
  readonly generation: number
}

/** What a write changes of one object. */
export interface ObjectChange {
  /** `Deployment download-worker`. */
  readonly object: string
  readonly fields: readonly FieldChange[]
}

export interface AppliedManifest {
  readonly deployment: Deployment
  /** Objects in which something changes, as the server says. */
  readonly changes: readonly ObjectChange[]
}

interface Step {
  readonly from: ManifestObject
  readonly object: object
  readonly live: AnyObject | undefined
  /** Whether the only other owner is ourselves by another kind of write, as a rollback does. */
  readonly takesOver: boolean
  readonly result: AnyObject
}

/** How often the Deployment is applied again where only its status has changed since it was read. */
const writeAttempts = 10

/**
 * Applies a manifest by server-side apply, never by force over others: first everything as a dry run, so that a conflict
 * or a mistake in the last object leaves the first one as it is; then the objects beside the Deployment, and it last.
 *
 * @throws ManifestError naming the managers and fields in conflict, or what the server refuses; UserError where somebody
 *   changed the Deployment since it was read
 */
export async function applyManifest(
  api: KubernetesApi,
  namespace: string,
  write: ManifestWrite,
  signal: AbortSignal,
): Promise<AppliedManifest> {
  const { manifest, generation } = write
  const live = await api.get(deployments, namespace, manifest.deployment.name, { signal })
  if (live.metadata?.generation !== generation) throw changedMeanwhile(manifest.deployment.name)
  const wanted = prepareDeployment(manifest.deployment, write, live, api.fieldManager)
  const steps = await rehearse(api, namespace, manifest, wanted, signal)
  const changes = steps.flatMap(({ from, live: before, result }) => {
    const fields = changedFields(before, result)
    return fields.length === 0 ? [] : [{ object: `${from.resource.kind} ${from.name}`, fields }]
  })
  const beside = steps.filter(({ from }) => from !== manifest.deployment)
  for (const { from, object, takesOver } of beside) {
    await api.apply(from.resource, namespace, from.name, object, { force: takesOver, signal })
  }
  const takesOver = steps.some((step) => step.from === manifest.deployment && step.takesOver)
  const deployment = await applyDeployment(api, namespace, { wanted, takesOver, generation, live }, signal)
  return { deployment, changes }
}

/** Asks the server what each object would become, and for all conflicts at once. */
async function rehearse(
  api: KubernetesApi,
  namespace: string,
  manifest: Manifest,
  wanted: object,
  signal: AbortSignal,
): Promise<Step[]> {
  const conflicts: ManifestProblem[] = []
  const steps: Step[] = []
  for (const from of [...manifest.others, manifest.deployment]) {
    const object = from === manifest.deployment ? wanted : from.object
    const live = await api.find(from.resource, namespace, from.name, { signal })
    const attempt = async (force: boolean): Promise<AnyObject> =>
      api.apply(from.resource, namespace, from.name, object, { force, dryRun: true, signal })
    try {
      steps.push({ from, object, live, takesOver: false, result: await attempt(false) })
    } catch (error) {
      const owners = ownersIn(error)
      if (owners === undefined) throw refused(manifest.file, from, error)
      const others = owners.filter(({ manager }) => manager !== api.fieldManager)
      if (others.length === 0)
        steps.push({ from, object, live, takesOver: true, result: await attempt(true) })
      conflicts.push(
        ...others.map(({ manager, field }) => ({
          line: from.line,
          message: `${from.resource.kind} "${from.name}": ${field} belongs to "${manager}"`,
        })),
      )
    }
  }
  if (conflicts.length === 0) return steps
  throw new ManifestError(
    manifest.file,
    conflicts,
    `Leave these fields out of the file, or take them over once by hand, with what runs now in the file: kubectl apply --server-side --force-conflicts --field-manager=${api.fieldManager} -n ${namespace} -f ${manifest.file}`,
  )
}

/** As one patch with the resourceVersion would be: only a change of the generation is somebody's decision. */
async function applyDeployment(
  api: KubernetesApi,
  namespace: string,
  {
    wanted,
    takesOver,
    generation,
    live,
  }: { wanted: object; takesOver: boolean; generation: number; live: Deployment },
  signal: AbortSignal,
): Promise<Deployment> {
  const name = live.metadata?.name ?? ''
  let current = live
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    if (current.metadata?.generation !== generation) throw changedMeanwhile(name)
    const metadata = { ...(wanted as AnyObject).metadata, resourceVersion: current.metadata.resourceVersion }
    try {
      return await api.apply(
        deployments,
        namespace,
        name,
        { ...wanted, metadata },
        { force: takesOver, signal },
      )
    } catch (error) {
      if (!(error instanceof ApiError && error.isConflict) || ownersIn(error) !== undefined) throw error
      current = await api.get(deployments, namespace, name, { signal })
    }
  }
  throw changedMeanwhile(name)
}

/** Who owns the fields that server-side apply refused to take; undefined where it refused for another reason. */
function ownersIn(error: unknown): { manager: string; field: string }[] | undefined {
  if (!(error instanceof ApiError && error.isConflict)) return undefined
  const causes = (error.details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict')
  if (causes.length === 0) return undefined
  return causes.map(({ message = '', field = '' }) => ({
    manager: /conflict with "([^"]+)"/.exec(message)?.[1] ?? message,
    field,
  }))
}

/** A mistake in the file is told with its place; an outage or a missing permission as what it is. */
function refused(file: string, { line, resource, name }: ManifestObject, error: unknown): unknown {
  if (!(error instanceof ApiError) || ![400, 422].includes(error.status)) return error
  const message = `the API server does not accept ${resource.kind} "${name}": ${error.serverMessage}`
  return new ManifestError(file, [{ line, message }])
}
