import { containerOf } from '@runbook-actions/shared/cluster/component.ts'
import { deploymentOfSnapshot } from '@runbook-actions/shared/cluster/restore/wanted-deployment.ts'
import { isImageOf } from '@runbook-actions/shared/cluster/what-runs.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { History, Release } from '@runbook-actions/shared/record/release.ts'
import type { DeploymentRecord, KnownGood } from '@runbook-actions/shared/record/schema.ts'
import type { Snapshot } from '@runbook-actions/shared/record/snapshot.ts'
import type { Memory } from '@runbook-actions/shared/record/store.ts'
import { didYouMean } from '@runbook-actions/shared/runbook/suggest.ts'

/** What to go back to, as a person or a workflow names it. */
export type Wish =
  | { readonly kind: 'known-good' }
  | { readonly kind: 'release'; readonly version: string }
  | { readonly kind: 'before'; readonly recordId: string | undefined }
  | { readonly kind: 'revision'; readonly revision: number }

/** A state of the release set that there is to go back to. */
export interface Target {
  /** In words: `the last known good release, v1.0.0`. */
  readonly what: string
  /** Undefined where what ran before has no version. */
  readonly version: string | undefined
  readonly commit: string | undefined
  readonly recordId: string
  readonly state: Snapshot
  /** The text of the runbook file that was recorded with it. */
  readonly runbook: string | undefined
}

const wishes =
  'known-good, a release such as v1.2.2 or v1.2.2-prod, revision:<number>, before, or before:<id of a record>'

/**
 * Reads the input "target".
 *
 * @throws UserError that lists what can be said
 */
export function parseTarget(text: string): Wish {
  if (text === 'known-good') return { kind: 'known-good' }
  const release = /^(v\d+\.\d+\.\d+)(?:-prod)?$|^(v\d+\.\d+\.\d+-hotfix)$/u.exec(text)
  if (release !== null) return { kind: 'release', version: release[1] ?? release[2] ?? '' }
  const [, revision] = /^revision:([1-9]\d*)$/u.exec(text) ?? []
  if (revision !== undefined) return { kind: 'revision', revision: Number(revision) }
  if (text === 'before') return { kind: 'before', recordId: undefined }
  const [, recordId] = /^before:(\S+)$/u.exec(text) ?? []
  if (recordId !== undefined) return { kind: 'before', recordId }
  throw new UserError(`"${text}" is no target of a rollback.`, `Use ${wishes}.`)
}

/**
 * The recorded state that is meant. What was good is what the record says, never "the revision before": after good → bad →
 * bad that would be bad.
 *
 * @throws UserError that says what there is to go back to
 */
export function recordedTarget(
  wish: Exclude<Wish, { kind: 'revision' }>,
  { latest, knownGood }: Memory,
  history: History,
): Target {
  switch (wish.kind) {
    case 'known-good':
      return knownGoodTarget(latest, knownGood, history)
    case 'release': {
      const release = history.releases.find(({ good }) => isVersion(good.version, wish.version))
      if (release !== undefined) return ofRelease(release, `release ${wish.version}`)
      throw new UserError(
        `Release ${wish.version} is not recorded as one that was good here${didYouMean(wish.version, versionsOf(history))}`,
        choices(history),
      )
    }
    case 'before':
      return beforeTarget(wish.recordId, latest, history)
  }
}

/** A hotfix ends as a release of its number: either name means it. */
function isVersion(version: string | undefined, wanted: string): boolean {
  return version === wanted || version?.replace(/-hotfix$/u, '') === wanted
}

function knownGoodTarget(
  latest: DeploymentRecord | undefined,
  knownGood: KnownGood | undefined,
  history: History,
): Target {
  if (knownGood === undefined) {
    // The first deployment ever: what it found is what there is.
    if (latest?.snapshot !== undefined)
      return ofSnapshot(latest, latest.snapshot, `what ran before ${latest.version}`)
    throw new UserError(
      'Nothing is recorded that was good: there is nothing to go back to.',
      'Go back by hand: kubectl rollout history, then kubectl rollout undo --to-revision=<N>.',
    )
  }
  const what = `the last known good release${knownGood.version === undefined ? '' : `, ${knownGood.version}`}`
  const release = history.releases.find(({ good }) => good.recordId === knownGood.recordId)
  // The snapshot of the deployment that stands on it is younger: what was scaled by hand since is in it.
  const isAfter = latest !== undefined && latest.id !== knownGood.recordId
  const isOfGood = isAfter && latest.from?.recordId === knownGood.recordId
  if (isOfGood && latest.snapshot !== undefined && isStateOf(knownGood, latest.snapshot)) {
    return {
      ...ofSnapshot(latest, latest.snapshot, what),
      version: knownGood.version,
      commit: knownGood.commit,
      recordId: knownGood.recordId,
      runbook: release?.runbook,
    }
  }
  if (release !== undefined) return ofRelease(release, what)
  if (isAfter && latest.snapshot !== undefined) return ofSnapshot(latest, latest.snapshot, what)
  throw new UserError(
    `${what} is recorded without its state: an older version of the suite deployed it.`,
    'Name a revision: revision:<number> with one component; see kubectl rollout history.',
  )
}

/** Whether a snapshot shows the release: by what its pods ran, or by their image where none did. */
function isStateOf({ components }: KnownGood, { deployments }: Snapshot): boolean {
  return components.every((component) => {
    const kept = deployments.find(({ deployment }) => deployment === component.deployment)
    if (kept === undefined) return true
    const digests = kept.digests[component.container] ?? []
    if (digests.length > 0) return digests.every((digest) => digest === component.digest)
    const image = containerOf(deploymentOfSnapshot(kept), component.container)?.image
    return image !== undefined && isImageOf(component, image)
  })
}

function beforeTarget(
  wanted: string | undefined,
  latest: DeploymentRecord | undefined,
  history: History,
): Target {
  const id = wanted ?? latest?.id
  if (id !== undefined && latest?.id === id && latest.snapshot !== undefined)
    return ofSnapshot(latest, latest.snapshot, `what ran before ${latest.version}`)
  const index = history.releases.findIndex(({ good }) => good.recordId === id)
  const before = index < 0 ? undefined : history.releases[index + 1]
  if (before !== undefined)
    return ofRelease(before, `what ran before ${history.releases[index]?.good.version ?? id ?? ''}`)
  throw new UserError(
    id === undefined ? 'No deployment is recorded here.' : `What ran before ${id} is not recorded.`,
    choices(history),
  )
}

function ofRelease({ good, state, runbook }: Release, what: string): Target {
  const { version, commit, recordId } = good
  return { what, version, commit, recordId, state, runbook }
}

function ofSnapshot({ id, from }: DeploymentRecord, state: Snapshot, what: string): Target {
  return {
    what,
    version: from?.version,
    commit: from?.commit,
    recordId: from?.recordId ?? `before ${id}`,
    state,
    runbook: undefined,
  }
}

function versionsOf({ releases }: History): string[] {
  return releases.flatMap(({ good }) => good.version ?? [])
}

/** What can be named instead, for the end of an error. */
function choices(history: History): string {
  const versions = versionsOf(history)
  return versions.length === 0
    ? 'No release is recorded here; name a revision (revision:<number>, with one component).'
    : `There is: ${versions.join(', ')}. Or name a revision: revision:<number>, with one component.`
}
