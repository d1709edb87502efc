import {
  nameOf,
  revisionOf,
  type ComponentState,
  type ReplicaSet,
} from '@runbook-actions/shared/cluster/component.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Target } from './target.ts'

const hashLabel = 'pod-template-hash'

/**
 * One component at a revision of its own history, as `kubectl rollout undo --to-revision` means it. What its pods ran is
 * not known: the tag decides.
 *
 * @throws UserError where there is no such revision, naming those that there are
 */
export function revisionTarget(
  revision: number,
  { deployment, replicaSets }: ComponentState,
  at: Date,
): Target {
  const name = nameOf(deployment)
  const set = replicaSets.find((each) => revisionOf(each) === String(revision))
  if (set === undefined) {
    throw new UserError(
      `${name} has no revision ${revision}.`,
      `It has: ${revisionLines(replicaSets).join('; ') || 'none'}.`,
    )
  }
  const { template } = set.spec ?? {}
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {}
  const recordId = set.metadata?.annotations?.['runbook-actions.io/record']
  return {
    what: `revision ${revision} of ${name}`,
    version: recordId?.split('/').at(-2),
    commit: set.metadata?.annotations?.['runbook-actions.io/commit'],
    recordId: recordId ?? `revision ${revision}`,
    state: {
      at: at.toISOString(),
      deployments: [
        {
          deployment: name,
          uid: deployment.metadata?.uid ?? '',
          revision: String(revision),
          replicas: deployment.spec?.replicas ?? 1,
          annotations: { ...set.metadata?.annotations },
          template: { ...template, metadata: { ...template?.metadata, labels } },
          digests: {},
        },
      ],
      configMaps: [],
      secrets: [],
    },
    runbook: undefined,
  }
}

/** The history of a Deployment as `kubectl rollout history` tells it, with images: the newest first. */
function revisionLines(replicaSets: readonly ReplicaSet[]): string[] {
  return replicaSets
    .flatMap((set) => {
      const revision = revisionOf(set)
      return revision === undefined ? [] : [{ revision: Number(revision), set }]
    })
    .sort((a, b) => b.revision - a.revision)
    .map(({ revision, set }) => {
      const images = (set.spec?.template?.spec?.containers ?? []).map(({ image }) => image).join(', ')
      const cause = set.metadata?.annotations?.['kubernetes.io/change-cause']
      return `${revision}: ${images}${cause === undefined ? '' : ` (${cause})`}`
    })
}
