import * as z from 'zod'
import { outcomes } from '../decide/outcome.ts'
import { verdicts } from '../decide/verdict.ts'
import { changesSchema, ticketReferenceSchema } from './changes.ts'
import { configurationSchema } from './configuration.ts'
import { diagnosisSchema } from './diagnosis.ts'
import { gateResultSchema } from './gate-result.ts'
import { migrationSchema } from './migration.ts'
import { offsetReceiptSchema, offsetsSchema } from './offsets.ts'
import { wakeSchema } from './sleeper.ts'
import { snapshotSchema } from './snapshot.ts'

/** An image by content, as a pod's `imageID` ends: `sha256:` and 64 hexadecimal digits. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/)

/** What a component will run. */
export const plannedComponentSchema = z.strictObject({
  deployment: z.string(),
  container: z.string(),
  /** What the pod template says now, and what it will say. */
  from: z.string(),
  to: z.string(),
  replicas: z.number().int().nonnegative(),
  /** What decides the replicas, as a sentence: `2–10 by HPA`. Absent where nothing does. */
  autoscaler: z.string().optional(),
  /** File of the repository that is applied; absent where only the image is set. */
  manifest: z.string().optional(),
  /** The rolling strategy in pods, as a sentence. */
  strategy: z.string(),
  /** How it gets pods for its validation where it is scaled to zero; absent where it is left asleep. */
  wake: wakeSchema.optional(),
  /** Of a configuration change: `kubectl.kubernetes.io/restartedAt` that its pod template gets, whenever it is written. */
  restartedAt: z.iso.datetime().optional(),
})

/** What a component runs, as its pods showed. */
export const deployedComponentSchema = z.strictObject({
  deployment: z.string(),
  container: z.string(),
  image: z.string(),
  digest: digestSchema,
  revision: z.string().optional(),
  pods: z.number().int().nonnegative(),
})

/** A release that was shown to be good: what rollback goes back to, and what the next plan compares with. */
export const knownGoodSchema = z.strictObject({
  recordId: z.string(),
  /** Undefined where a running state was adopted at the first deployment. */
  version: z.string().optional(),
  commit: z.string().optional(),
  at: z.iso.datetime(),
  components: z.array(deployedComponentSchema),
})

/** The times that a release is watched: in staging, and after the rollout for the critical and the important metrics. */
export const watchStages = ['soak', 'critical', 'important'] as const

export type WatchStage = (typeof watchStages)[number]

export const phaseNames = [
  'plan',
  'preflight',
  'approve',
  're-check',
  'resume',
  'rollout',
  'validate',
  ...watchStages,
  'rollback',
  'finish',
] as const

/** A time in which a gate had no good answer. */
export const troubleSchema = z.strictObject({
  gate: z.string(),
  /**
   * `breached`: a limit was shown to be broken. `missing`: nothing, or not enough, was measured. `undecided`: a limit was
   * reached, perhaps by chance.
   */
  kind: z.enum(['breached', 'missing', 'undecided']),
  since: z.iso.datetime(),
  /** Absent while it lasts. */
  until: z.iso.datetime().optional(),
  answer: z.string(),
})

/** A watch as it stands: a new process goes on from here. */
export const watchSchema = z.strictObject({
  stage: z.enum(watchStages),
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  lookedAt: z.iso.datetime(),
  troubles: z.array(troubleSchema),
  /** The latest answer of every gate, with its history. */
  gates: z.array(gateResultSchema),
})

/** How a component served while it was rolled, in pods, old and new together. */
export const availabilitySchema = z.strictObject({
  deployment: z.string(),
  /** The fewest that were seen Ready at one time. */
  fewestReady: z.number().int().nonnegative(),
  /** What its strategy promises: replicas less those that may be missing. */
  promisedReady: z.number().int().nonnegative(),
})

export const phaseSchema = z.strictObject({
  phase: z.enum(phaseNames),
  outcome: z.enum(outcomes),
  verdict: z.enum(verdicts).optional(),
  /** Why it ended so, in one sentence. */
  reason: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  gates: z.array(gateResultSchema),
  /** Of a watch: when something was wrong or not known, and for how long. */
  troubles: z.array(troubleSchema).optional(),
  /** Why pods did not come up, where that ended it. */
  diagnosis: diagnosisSchema.optional(),
  /** Of a rollout: what it took from each component that it wrote, for the runbook's "Downtime: none". */
  availability: z.array(availabilitySchema).optional(),
})

export const approvalSchema = z.strictObject({
  environment: z.string(),
  by: z.string(),
  comment: z.string(),
  /** When it was seen: the API does not say when it was given. */
  seenAt: z.iso.datetime(),
})

/** A person's decision to go on where a gate would block. */
export const overrideSchema = z.strictObject({
  gate: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
})

/** The public holidays that the plan found, so that later phases need no calendar. */
export const holidaysSchema = z.strictObject({
  region: z.string(),
  /** The last day of which they are known. */
  until: z.iso.date(),
  dates: z.array(z.strictObject({ date: z.iso.date(), name: z.string() })),
})

export const runSchema = z.strictObject({
  id: z.string(),
  attempt: z.string(),
  url: z.string(),
  actor: z.string(),
})

/** Where an environment was taken back to from a deployment, and why. */
export const rollbackSchema = z.strictObject({
  /** In words: `the last known good release, v1.0.0`. */
  target: z.string(),
  /** Absent where what ran before has no version. */
  version: z.string().optional(),
  reason: z.string(),
  /** What the run that deployed went back for by itself; absent where a person did. */
  cause: z.enum(['failed', 'cancelled', 'triggered']).optional(),
  /** The run that went back. */
  run: runSchema,
  /** Who let it, where the runbook file has somebody asked (`rollback.approval`) and that could be found out. */
  approval: approvalSchema.optional(),
  at: z.iso.datetime(),
  /** What the deployment's version had committed by then; absent where nothing was to be put back. */
  receipt: offsetReceiptSchema.optional(),
})

/**
 * One deployment to one environment: what was decided, seen and done. It is the only state that passes between
 * phases; each phase reads it, appends to it and hands it on.
 */
export const recordSchema = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  pipeline: z.string(),
  environment: z.string(),
  namespace: z.string(),
  version: z.string(),
  tag: z.string(),
  commit: z.string(),
  class: z.string(),
  strategy: z.enum(['rolling', 'canary']),
  /** The environment of the forge whose reviewers approve. */
  approval: z.string(),
  /** Who wrote the tagged commit: may not approve, and neither may the run's actor. */
  author: z.string().optional(),
  run: runSchema,
  openedAt: z.iso.datetime(),
  /** What ran before: absent only at the first deployment, until the running state is adopted. */
  from: knownGoodSchema.optional(),
  plan: z.array(plannedComponentSchema),
  /** What changes where the code stays; absent where a release is deployed. */
  configuration: configurationSchema.optional(),
  /** What the release brings, where it is known from which commit it came. */
  changes: changesSchema.optional(),
  /** Absent where none could be written. */
  ticket: ticketReferenceSchema.optional(),
  /** Where the runbook names a region whose holidays count. */
  holidays: holidaysSchema.optional(),
  /** What staging ran and how it was judged; absent on the record of staging itself. */
  staging: z
    .strictObject({
      outcome: z.enum(outcomes),
      /** Why it ended so, in one sentence. */
      reason: z.string(),
      endedAt: z.iso.datetime(),
      components: z.array(deployedComponentSchema),
      run: runSchema,
      recordDigest: digestSchema,
    })
    .optional(),
  /** Absent while nothing is watched. */
  watch: watchSchema.optional(),
  approvals: z.array(approvalSchema),
  /** Who refused to approve it; absent where nobody did. */
  rejection: approvalSchema.optional(),
  overrides: z.array(overrideSchema),
  snapshot: snapshotSchema.optional(),
  /** Where the consumer groups stood when the snapshot was taken. */
  offsets: offsetsSchema.optional(),
  /** Those of this deployment, and of deployments before it that never became good. */
  migrations: z.array(migrationSchema).optional(),
  deployed: z.array(deployedComponentSchema),
  phases: z.array(phaseSchema),
  /** Set before the first write of the latest rollback. */
  rollback: rollbackSchema.optional(),
  /** Set when nothing more will be appended. */
  closedAt: z.iso.datetime().optional(),
})

export type DeploymentRecord = z.infer<typeof recordSchema>
export type Phase = z.infer<typeof phaseSchema>
export type PhaseName = Phase['phase']
export type PlannedComponent = z.infer<typeof plannedComponentSchema>
export type DeployedComponent = z.infer<typeof deployedComponentSchema>
export type KnownGood = z.infer<typeof knownGoodSchema>
export type Availability = z.infer<typeof availabilitySchema>
export type Approval = z.infer<typeof approvalSchema>
export type Rollback = z.infer<typeof rollbackSchema>
export type GoingBackCause = NonNullable<Rollback['cause']>
export type Watch = z.infer<typeof watchSchema>
export type TroubleSpan = z.infer<typeof troubleSchema>
export type Run = z.infer<typeof runSchema>
