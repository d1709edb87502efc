import type { V1Lease } from '@kubernetes/client-node'
import * as z from 'zod'
import type { Grip, LockState } from '../decide/lock.ts'
import { UserError } from '../errors.ts'
import type { Wire } from './resources.ts'

export type Lease = Wire<V1Lease>

/** Whose lock it is. */
export interface LockPlace {
  readonly pipeline: string
  readonly environment: string
}

const holderKey = 'runbook-actions.io/holder'
const stopKey = 'runbook-actions.io/stop-request'
const closedKey = 'runbook-actions.io/closed-before'

const time = z.iso.datetime().transform((text) => new Date(text))

const gripSchema = z.object({
  holderIdentity: z.string(),
  acquireTime: time,
  renewTime: time,
  leaseDurationSeconds: z.number().positive(),
})

/** What a Lease has no field for. */
const holderSchema = z.object({
  attempt: z.string(),
  url: z.string(),
  actor: z.string(),
  version: z.string(),
  purpose: z.enum(['deployment', 'rollback']),
  isBetweenJobs: z.boolean(),
})

const stopSchema = z.object({ run: z.string(), url: z.string(), actor: z.string(), until: time })

/** The Lease's name: one per pipeline and environment. */
export function leaseName({ pipeline, environment }: LockPlace): string {
  return `runbook-${pipeline}-${environment}`
}

/**
 * The lock that a Lease stands for; free where there is none, or where it has no holder.
 *
 * @throws UserError where it was changed by hand and cannot be read
 */
export function lockStateOf(lease: Lease | undefined): LockState {
  const { [stopKey]: stop, [closedKey]: closedBefore } = lease?.metadata?.annotations ?? {}
  try {
    const grip = gripOf(lease)
    return {
      ...(grip !== undefined && { grip }),
      ...(stop !== undefined && { stop: stopSchema.parse(JSON.parse(stop)) }),
      ...(closedBefore !== undefined && { closedBefore: time.parse(closedBefore) }),
    }
  } catch (cause) {
    const { name = '', namespace = '' } = lease?.metadata ?? {}
    throw new UserError(
      `The lock, Lease "${name}" in namespace "${namespace}", cannot be read: it was changed by hand.`,
      `Make sure that nothing is being deployed, then delete it: kubectl delete lease ${name} -n ${namespace}`,
      { cause },
    )
  }
}

function gripOf(lease: Lease | undefined): Grip | undefined {
  const { holderIdentity: run } = lease?.spec ?? {}
  if (run === undefined || run === '') return undefined
  const spec = gripSchema.parse(lease?.spec)
  const { isBetweenJobs, ...holder } = holderSchema.parse(
    JSON.parse(lease?.metadata?.annotations?.[holderKey] ?? '{}'),
  )
  return {
    holder: { run, ...holder },
    acquiredAt: spec.acquireTime,
    renewedAt: spec.renewTime,
    durationMs: spec.leaseDurationSeconds * 1000,
    isBetweenJobs,
  }
}

/** The Lease that stands for a lock, made of the one that was read: what others wrote into it stays. */
export function leaseOf(state: LockState, place: LockPlace, read: Lease | undefined): Lease {
  const { grip, stop, closedBefore } = state
  const {
    [holderKey]: _holder,
    [stopKey]: _stop,
    [closedKey]: _closed,
    ...others
  } = read?.metadata?.annotations ?? {}
  return {
    metadata: {
      ...(read?.metadata ?? { name: leaseName(place) }),
      labels: {
        ...read?.metadata?.labels,
        'app.kubernetes.io/managed-by': 'runbook-actions',
        'runbook-actions.io/pipeline': place.pipeline,
        'runbook-actions.io/environment': place.environment,
      },
      annotations: {
        ...others,
        ...(grip !== undefined && { [holderKey]: holderText(grip) }),
        ...(stop !== undefined && { [stopKey]: JSON.stringify(stop) }),
        ...(closedBefore !== undefined && { [closedKey]: closedBefore.toISOString() }),
      },
    },
    spec: { ...(grip !== undefined && specOf(grip)), leaseTransitions: transitions(state, read) },
  }
}

function holderText({ holder: { run: _, ...holder }, isBetweenJobs }: Grip): string {
  return JSON.stringify({ ...holder, isBetweenJobs })
}

function specOf({ holder, acquiredAt, renewedAt, durationMs }: Grip): NonNullable<Lease['spec']> {
  return {
    holderIdentity: holder.run,
    acquireTime: microTime(acquiredAt),
    renewTime: microTime(renewedAt),
    // Whole seconds: rounded up, others wait longer than we count on.
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
  }
}

/** How often the lock has been taken. */
function transitions({ grip }: LockState, read: Lease | undefined): number {
  const { leaseTransitions = 0, acquireTime } = read?.spec ?? {}
  const isTaken = grip !== undefined && microTime(grip.acquiredAt) !== acquireTime
  return isTaken && read !== undefined ? leaseTransitions + 1 : leaseTransitions
}

/** The API server takes no other form than six digits of a second. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z')
}
