import * as z from 'zod'
import {
  clusterInputs,
  connectEnvironment,
  readRunbook,
} from '@runbook-actions/shared/action/cluster-connection.ts'
import { imageInputs } from '@runbook-actions/shared/action/image-inputs.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
} from '@runbook-actions/shared/action/phase.ts'
import type { Action } from '@runbook-actions/shared/action/run.ts'
import { runIdentity } from '@runbook-actions/shared/action/run-identity.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import { CHANGE_CLASSES } from '@runbook-actions/shared/runbook/classes.ts'
import { environmentRecord } from './environment-record.ts'
import { rollout } from './rollout.ts'

const inputs = z.object({
  ...clusterInputs,
  ...imageInputs,
  record: z
    .string()
    .optional()
    .describe(
      'The deployment record: output "record" of the step or job before. Without it, version is needed.',
    ),
  version: z.string().optional().describe('The release to roll where there is no record, such as v1.2.3.'),
  'first-deployment-class': z
    .enum(CHANGE_CLASSES)
    .optional()
    .describe('The change class where there is no record and nothing says what runs.'),
})

export const outputDescriptions: OutputDescriptions<typeof phaseOutputs> = {
  ...phaseOutputDescriptions,
  outcome: 'passed, failed or cancelled.',
}

export const action: Action<typeof inputs, typeof phaseOutputs> = {
  name: 'rollout',
  description:
    'Rolls the images of a release, component by component, and follows each until its old pods are gone.',
  inputs,
  outputs: phaseOutputs,
  async main({ inputs: given, log, clock, signal, run, variables, outputs }) {
    const runbook = readRunbook(given.runbook)
    const { cluster, store, close } = connectEnvironment(runbook, given, { log, clock, variables })
    try {
      const source = given.record === undefined ? undefined : readRecord(given.record, 'the input "record"')
      const record = await environmentRecord(
        { runbook, source, request: given, run: runIdentity(run, clock, variables.USER), commit: run.sha },
        { cluster, store, clock, signal },
      )
      outputs.set({ record: JSON.stringify(record) })
      const { imagePull, unschedulable, restarts, deadline, settle } = runbook.rollout
      const limits = {
        imagePullMs: imagePull,
        unschedulableMs: unschedulable,
        restarts,
        deadlineMs: deadline,
        settleMs: settle,
      }
      return publish(
        await rollout({ record, limits, dryRun: given['dry-run'] }, { cluster, store, clock, log, signal }),
      )
    } finally {
      await close()
    }
  },
}
