import * as z from 'zod'
import { clusterInputs, inEnvironment } from '@runbook-actions/shared/action/cluster-connection.ts'
import {
  configurationInputs,
  configurationSource,
} from '@runbook-actions/shared/action/configuration-inputs.ts'
import { imageInputs } from '@runbook-actions/shared/action/image-inputs.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
} from '@runbook-actions/shared/action/phase.ts'
import { connectLag } from '@runbook-actions/shared/action/lag-connection.ts'
import type { Action } from '@runbook-actions/shared/action/run.ts'
import { runbookVariables, variableInputs } from '@runbook-actions/shared/action/runbook-variables.ts'
import { readManifests } from '@runbook-actions/shared/action/manifests.ts'
import { patienceOf } from '@runbook-actions/shared/cluster/hard-signal.ts'
import { monitoringConnections } from '@runbook-actions/shared/metrics/monitoring-connections.ts'
import { withWindowOverride } from '@runbook-actions/shared/record/override.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import { CHANGE_CLASSES } from '@runbook-actions/shared/runbook/classes.ts'
import { jobEnds } from './decide-resume.ts'
import { environmentRecord } from './environment-record.ts'
import { unfinishedRecord } from './unfinished-record.ts'

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
  'window-override': z
    .string()
    .optional()
    .describe('Why to deploy at an avoided time, where preflight was not told; it is recorded.'),
  ...configurationInputs,
  'resume-after': z
    .enum(jobEnds)
    .optional()
    .describe(
      'The result of a job of this run that ended without a word: continues what it has begun, from the record in the cluster, or freezes it and says why.',
    ),
  ...variableInputs,
})

export const outputDescriptions: OutputDescriptions<typeof phaseOutputs> = {
  ...phaseOutputDescriptions,
  outcome:
    'passed, blocked (another run holds the lock, the deployment window has closed, or there is no room for the new pods; nothing was changed), held (not continued: a person decides), failed or cancelled.',
}

export const action: Action<typeof inputs, typeof phaseOutputs> = {
  name: 'rollout',
  description:
    'Rolls the images of a release, component by component, and follows each until its old pods are gone.',
  inputs,
  outputs: phaseOutputs,
  main(context) {
    const { inputs: given, log, clock, signal, run: facts, outputs } = context
    return inEnvironment(context, async ({ runbook, run, cluster, jobs, store, lock }) => {
      const source = given.record === undefined ? undefined : readRecord(given.record, 'the input "record"')
      const after = given['resume-after']
      // What rolls is loaded while the API server answers, and all of it before anything is written.
      const [planned, { lockedRollout }, { resume }] = await Promise.all([
        after === undefined
          ? environmentRecord(
              { runbook, source, request: given, run, commit: facts.sha },
              { cluster, store, clock, signal },
            )
          : unfinishedRecord(source, given, run, store, signal),
        import('./locked.ts'),
        import('./resume.ts'),
      ])
      const record = withWindowOverride(planned, given['window-override'], run.actor, clock)
      outputs.set({ record: JSON.stringify(record) })
      const { deadline, settle } = runbook.rollout
      const limits = { ...patienceOf(runbook), deadlineMs: deadline, settleMs: settle }
      const asked = {
        runbook,
        record,
        manifests: readManifests(record),
        ...(record.configuration !== undefined && {
          configuration: configurationSource(runbook, given['config-values']),
        }),
        limits,
        dryRun: given['dry-run'],
      }
      const reading = { ...context, variables: runbookVariables(context) }
      const monitoring = monitoringConnections(runbook, { cluster, ...reading })
      const lag = connectLag(runbook, { jobs, prometheus: monitoring.prometheus }, reading)
      const ports = { cluster, store, lag, lock: lock(record), clock, log, signal }
      try {
        return publish(
          after === undefined
            ? await lockedRollout(asked, ports)
            : await resume({ ...asked, after, run }, ports),
        )
      } finally {
        await Promise.all([lag.close(), monitoring.close()])
      }
    })
  },
}
