import { existsSync } from 'node:fs'
import * as z from 'zod'
import { inPlace, loginInputs, type Place } from '@runbook-actions/shared/action/cluster-connection.ts'
import { connectForge, tokenInput } from '@runbook-actions/shared/action/forge-connection.ts'
import { list } from '@runbook-actions/shared/action/input-types.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
} from '@runbook-actions/shared/action/phase.ts'
import type { Action, ActionContext, ActionResult } from '@runbook-actions/shared/action/run.ts'
import { readRunbook } from '@runbook-actions/shared/action/runbook-file.ts'
import { runbookVariables, variableInputs } from '@runbook-actions/shared/action/runbook-variables.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { rollbackCommand } from '@runbook-actions/shared/report/rollback-command.ts'
import { environmentOf } from '@runbook-actions/shared/runbook/environments.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import type { LockedPorts } from './locked.ts'
import { parseTarget } from './target.ts'
import { readApproval, whoApproved } from './who-approved.ts'

const inputs = z.object({
  mode: z
    .enum(['rollback', 'plan', 'approve'])
    .default('rollback')
    .describe(
      'rollback goes back; plan only tells whom the runbook file asks before it (output approval); approve tells who of them has approved this run (output approved). Neither reaches a cluster.',
    ),
  target: z
    .string()
    .default('known-good')
    .describe(
      'What to go back to: known-good (the last release that was good), a release such as v1.2.2 or v1.2.2-prod, before (the latest deployment) or before:<record>, or revision:<number> of one component.',
    ),
  reason: z
    .string()
    .optional()
    .describe('Why, such as "critical bug" or "data corruption". It is recorded. Needed without "record".'),
  record: z
    .string()
    .optional()
    .describe(
      'The record of a deployment of this run that did not pass: goes back to what was good where the way it ended calls for that, else says why not. Without it a person has decided.',
    ),
  approved: z
    .string()
    .optional()
    .describe('Who has approved: output "approved" of mode approve. It is recorded.'),
  'schema-override': z
    .string()
    .optional()
    .describe(
      'Why to go back although the old code was not shown to run on the new schema of the database. It is recorded.',
    ),
  components: list
    .default([])
    .describe('Deployments to put back, separated by commas. Default: all of the release.'),
  pipeline: z
    .string()
    .optional()
    .describe(
      'Name of the pipeline, where there is no runbook file at hand: it is then read from the cluster.',
    ),
  environment: z.string().default('production').describe('An environment of the pipeline.'),
  namespace: z
    .string()
    .optional()
    .describe('Its namespace, with "pipeline". Default: the name of the pipeline.'),
  runbook: z
    .string()
    .default('runbook.yaml')
    .describe('Path of the runbook file, by which the environment is found where "pipeline" is not given.'),
  ...loginInputs,
  ...variableInputs,
  ...tokenInput,
})

type Inputs = z.output<typeof inputs>

const outputs = { ...phaseOutputs, approval: '', approved: '' }

export const outputDescriptions: OutputDescriptions<typeof outputs> = {
  ...phaseOutputDescriptions,
  approval: 'In mode plan: the GitHub environment whose reviewers are asked first; empty where nobody is.',
  approved:
    'In mode approve: who has approved, and when that was seen, as JSON; empty where it is not known.',
  outcome:
    'rolled-back (green, like passed), passed (nothing to do, or a dry run), rollback-failed, held (not called for by how the deployment ended: a person decides), blocked (nothing was written: another rollback holds the lock, or the old code was not shown to run on the schema of the database), failed or cancelled.',
}

export const action: Action<typeof inputs, typeof outputs> = {
  name: 'rollback',
  description:
    'Puts the last good release back, or another one, and shows by digest and metrics that it is back.',
  inputs,
  outputs,
  green: ['passed', 'rolled-back'],
  main(context) {
    const { inputs: given, log, clock, signal } = context
    const wish = parseTarget(given.target)
    if (given.mode === 'plan') return Promise.resolve(whoIsAsked(given))
    if (given.mode === 'approve') return toldWhoApproved(context)
    const handedOn = given.record === undefined ? undefined : readRecord(given.record, 'the input "record"')
    const place = handedOn ?? placeOf(given)
    return inPlace(context, place, undefined, async ({ cluster, jobs, store, lock, run }) => {
      // What goes back is loaded while the API server answers, and all of it before anything is written.
      const [{ latest }, { connectSources }, { rollbackAfter }, { lockedRollback }] = await Promise.all([
        store.load(signal),
        import('@runbook-actions/shared/action/source-connections.ts'),
        import('./after-deployment.ts'),
        import('./locked.ts'),
      ])
      const record = handedOn ?? latest
      if (record === undefined) throw notRecorded(place, given)
      const runbook = await recordedRunbook(store, given, signal)
      const forge = await connectForge(given.token, context.run)
      const reason = handedOn === undefined ? reasonOf(given) : undefined
      const asked = {
        runbook,
        schemaOverride: given['schema-override'],
        ...(given.approved !== undefined && { approval: readApproval(given.approved) }),
        run,
        dryRun: given['dry-run'],
        command: rollbackCommand(place, reason, given.target),
      }
      const ports: LockedPorts = {
        cluster,
        store,
        lock: lock(runbook, record, 'rollback'),
        connect: (used) =>
          connectSources(used, { cluster, jobs }, forge, {
            ...context,
            variables: runbookVariables(context),
          }),
        clock,
        log,
        signal,
      }
      return publish(
        reason === undefined
          ? await rollbackAfter({ ...asked, handedOn: record, latest }, ports)
          : await lockedRollback({ ...asked, record, wish, components: given.components, reason }, ports),
      )
    })
  },
}

/** Before a person goes back: by the runbook file as it is checked out, because nothing else is reached yet. */
function whoIsAsked({ runbook: path }: Inputs): ActionResult<typeof outputs> {
  const { approval = '' } = readRunbook(path).rollback
  const reason =
    approval === '' ? 'Nobody is asked before a rollback.' : `The reviewers of ${approval} are asked first.`
  return { outcome: 'passed', reason, outputs: { record: '', reason, approval, approved: '' }, summary: [] }
}

/** After GitHub has let the job through: who that was. */
async function toldWhoApproved({
  inputs: given,
  run,
  ...ports
}: ActionContext<Inputs, typeof outputs>): Promise<ActionResult<typeof outputs>> {
  const { approval } = readRunbook(given.runbook).rollback
  if (approval === undefined) return whoIsAsked(given)
  const forge = await connectForge(given.token, run)
  const { outputs: found, ...result } = await whoApproved(approval, String(run.id), { ...ports, forge })
  return { ...result, outputs: { record: '', reason: result.reason, approval, ...found } }
}

function reasonOf({ reason }: Inputs): string {
  if (reason !== undefined) return reason
  throw new UserError(
    'The input "reason" is needed.',
    'Say in a few words why, such as --reason "critical bug": it is recorded and shown.',
  )
}

/** Where the environment is. A name is enough: on a laptop at night there may be no checkout. */
function placeOf({ pipeline, environment, namespace, runbook: path }: Inputs): Place {
  if (pipeline !== undefined) return { pipeline, environment, namespace: namespace ?? pipeline }
  if (!existsSync(path)) {
    throw new UserError(
      `There is no runbook file at ${path}, and no pipeline is named.`,
      'Name the pipeline by --pipeline (and --namespace, if that is another name), or run it where the runbook file is.',
    )
  }
  const runbook = readRunbook(path)
  return {
    pipeline: runbook.pipeline,
    environment,
    namespace: namespace ?? environmentOf(runbook, environment).namespace,
  }
}

/** The file by which the latest deployment works; that of the checkout where none was recorded. */
async function recordedRunbook(
  store: RecordStore,
  { runbook: path }: Inputs,
  signal: AbortSignal,
): Promise<Runbook> {
  const { runbook: text } = await store.history(signal)
  if (text !== undefined) return loadRunbook(text, { file: 'the recorded runbook.yaml' })
  if (existsSync(path)) return readRunbook(path)
  throw new UserError(
    'No runbook file is recorded with the latest deployment, and there is none at hand.',
    'Run it where the runbook file is, or name it by --runbook.',
  )
}

function notRecorded({ pipeline, environment, namespace }: Place, { kubeconfig }: Inputs): UserError {
  return new UserError(
    `No deployment of ${pipeline} to ${environment} is recorded in the namespace ${namespace}.`,
    `Look at the names: --pipeline, --environment, --namespace${kubeconfig === undefined ? ', and the kubeconfig' : ''}.`,
  )
}
