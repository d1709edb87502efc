import * as z from 'zod'
import { clusterInputs, inEnvironment } from '@runbook-actions/shared/action/cluster-connection.ts'
import { connectForge, tokenInput } from '@runbook-actions/shared/action/forge-connection.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
} from '@runbook-actions/shared/action/phase.ts'
import type { Action } from '@runbook-actions/shared/action/run.ts'
import { runbookVariables, variableInputs } from '@runbook-actions/shared/action/runbook-variables.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { watchStages } from '@runbook-actions/shared/record/schema.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import { tellTicket } from './tell-ticket.ts'

const inputs = z.object({
  stage: z
    .enum(['post-deploy', ...watchStages])
    .default('post-deploy')
    .describe(
      'post-deploy asks once, right after the rollout. soak watches where a version is tried; critical and important watch production, for the times of the runbook file.',
    ),
  ...clusterInputs,
  ...variableInputs,
  ...tokenInput,
  record: z
    .string()
    .optional()
    .describe(
      'The deployment record: output "record" of the rollout action. Default: the latest of the environment.',
    ),
})

export const outputDescriptions: OutputDescriptions<typeof phaseOutputs> = {
  ...phaseOutputDescriptions,
  outcome:
    'passed, failed (something is wrong right after the rollout), triggered (the runbook says: go back now), held (a limit is broken, or something could not be shown: a person decides), blocked (another run holds the lock) or cancelled.',
}

export const action: Action<typeof inputs, typeof phaseOutputs> = {
  name: 'validate',
  description:
    'Asks the runbook’s questions after a rollout of every pod, and watches the release by its metrics and its consumer lag.',
  inputs,
  outputs: phaseOutputs,
  main(context) {
    const { inputs: given, log, signal } = context
    return inEnvironment(context, async ({ runbook, cluster, jobs, store, lock: lockOf }) => {
      // What asks is loaded while the API server answers.
      const [record, { connectSources }, { lockedStage }] = await Promise.all([
        given.record === undefined
          ? store.load(signal).then(({ latest }) => latest)
          : readRecord(given.record, 'the input "record"'),
        import('@runbook-actions/shared/action/source-connections.ts'),
        import('./locked.ts'),
      ])
      if (record === undefined) {
        throw new UserError(
          `No deployment of ${runbook.pipeline} to ${given.environment} is recorded: there is nothing to validate.`,
          'Roll a release out first, or pass the output "record" of the rollout action.',
        )
      }
      if (record.environment !== given.environment) {
        throw new UserError(
          `The record is of ${record.environment}, the input "environment" says ${given.environment}.`,
          'Pass the record of the same environment.',
        )
      }
      const lock = lockOf(record)
      const forge = await connectForge(given.token, context.run)
      const { sources, close } = connectSources(runbook, { cluster, jobs }, forge, {
        ...context,
        variables: runbookVariables(context),
      })
      try {
        return publish(
          await lockedStage(
            { runbook, record, stage: given.stage, dryRun: given['dry-run'] },
            { sources, store, lock, log, signal, tell: tellTicket(forge, runbook, context) },
          ),
        )
      } finally {
        await close()
      }
    })
  },
}
