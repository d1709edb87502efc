import { endedByLock, lockedPhase } from '@runbook-actions/shared/action/locked-phase.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { SourceConnections } from '@runbook-actions/shared/action/source-connections.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import type { Lock } from '@runbook-actions/shared/cluster/lock.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { crossedMigrations } from '@runbook-actions/shared/record/crossed-migrations.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import { newest } from '@runbook-actions/shared/record/newest.ts'
import type {
  Approval,
  DeploymentRecord,
  GoingBackCause,
  Run,
} from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { revisionTarget } from './revision-target.ts'
import { rollback } from './rollback.ts'
import { recordedTarget, type Target, type Wish } from './target.ts'

export interface LockedInputs {
  /** By which the environment's latest deployment works; used where the target has none of its own. */
  readonly runbook: Runbook
  /** The environment's latest deployment, as it was read before the lock was taken. */
  readonly record: DeploymentRecord
  readonly wish: Wish
  readonly components: readonly string[]
  readonly reason: string
  /** Where the run that deployed goes back by itself. */
  readonly cause?: GoingBackCause
  /** What becomes of it instead, by the record as it is found under the lock; undefined where it goes on. */
  readonly instead?: (latest: DeploymentRecord | undefined) => PhaseResult | undefined
  /** Who let it, where somebody was asked. */
  readonly approval?: Approval
  readonly schemaOverride: string | undefined
  readonly run: Run
  readonly dryRun: boolean
  readonly command: string
}

export interface LockedPorts {
  readonly cluster: Cluster
  readonly store: RecordStore
  readonly lock: Lock
  /** Connects what gates measure with, by the runbook file that is used. */
  readonly connect: (runbook: Runbook) => SourceConnections
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * The rollback under the environment's lock. It outranks a deployment: a run that works is asked to stop, and yields within
 * seconds. What is recorded is read again once the lock is taken: the run that yielded has said how it stands. The lock is
 * given back however it ends, so that the next attempt need not wait.
 */
export async function lockedRollback(inputs: LockedInputs, ports: LockedPorts): Promise<PhaseResult> {
  const free = { checkWrite: () => undefined, store: ports.store, signal: ports.signal }
  if (inputs.dryRun) return goBack(inputs, { ...ports, ...free })
  const phase = beginPhase('rollback', ports.clock)
  return lockedPhase(ports, (locked) => goBack(inputs, { ...ports, ...locked }), {
    isOver: () => true,
    stopped: (error) => {
      const ended = endedByLock(phase, inputs.record, error)
      const markdown = `## 🟥 ${inline(inputs.record.environment)}: nothing was rolled back\n**Do:** ${inline(ended.next ?? '')}\n\n**Why:** ${inline(ended.reason)}`
      return { ...ended, summary: [{ kind: 'decision', markdown }] }
    },
  })
}

async function goBack(
  inputs: LockedInputs,
  { connect, clock, ...ports }: LockedPorts & { readonly checkWrite: () => void },
): Promise<PhaseResult> {
  const { store, cluster, log, signal } = ports
  const memory = await store.load(signal)
  const instead = inputs.instead?.(memory.latest)
  if (instead !== undefined) return instead
  const history = await store.history(signal)
  const { wish, components } = inputs
  const target: Target =
    wish.kind === 'revision'
      ? await atRevision(wish.revision, components, cluster, clock, signal)
      : recordedTarget(wish, memory, history)
  const unknown = components.filter(
    (name) => !target.state.deployments.some(({ deployment }) => deployment === name),
  )
  if (unknown.length > 0) {
    throw new UserError(
      `${target.what} has no component ${unknown.join(', ')}.`,
      `It has: ${target.state.deployments.map(({ deployment }) => deployment).join(', ')}.`,
    )
  }
  log.info(`Going back to ${target.what}, as it stood at ${target.state.at}.`)
  const { runbook: text } = target
  const runbook =
    text === undefined ? inputs.runbook : loadRunbook(text, { file: `runbook.yaml of ${target.what}` })
  const record =
    memory.latest?.id === inputs.record.id
      ? newest(inputs.record, memory.latest)
      : (memory.latest ?? inputs.record)
  const { sources, close } = connect(runbook)
  try {
    return await rollback(
      {
        ...inputs,
        runbook,
        record,
        knownGood: memory.knownGood,
        target,
        crossed: crossedMigrations(target.recordId, record, history.releases),
        // What was declared is said by the file of what is taken back, not of what is gone back to.
        declared: inputs.runbook.migrations?.backwardCompatible ?? [],
      },
      { ...ports, sources },
    )
  } finally {
    await close()
  }
}

/** A revision is one of a Deployment's own history, so there must be one Deployment. */
async function atRevision(
  revision: number,
  components: readonly string[],
  cluster: Cluster,
  clock: Clock,
  signal: AbortSignal,
): Promise<Target> {
  const [name, ...others] = components
  if (name === undefined || others.length > 0) {
    throw new UserError(
      `revision:${revision} is of one Deployment, and ${components.length === 0 ? 'none is' : `${components.length} are`} named.`,
      'Name one by the input "components"; to go back with all of them, name a release.',
    )
  }
  const state = (await cluster.components([name], signal)).get(name)
  if (state === undefined) throw new UserError(`There is no Deployment "${name}".`)
  return revisionTarget(revision, state, clock.now())
}
