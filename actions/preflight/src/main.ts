import * as z from 'zod'
import { clusterInputs, inEnvironment } from '@runbook-actions/shared/action/cluster-connection.ts'
import {
  configurationInputs,
  configurationSource,
} from '@runbook-actions/shared/action/configuration-inputs.ts'
import { connectForge, tokenInput } from '@runbook-actions/shared/action/forge-connection.ts'
import { imageInputs } from '@runbook-actions/shared/action/image-inputs.ts'
import { readManifests } from '@runbook-actions/shared/action/manifests.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
  type PhaseResult,
} from '@runbook-actions/shared/action/phase.ts'
import type { Action, ActionContext } from '@runbook-actions/shared/action/run.ts'
import { readRunbook } from '@runbook-actions/shared/action/runbook-file.ts'
import { runbookVariables, variableInputs } from '@runbook-actions/shared/action/runbook-variables.ts'
import type { ConfigurationRequest } from '@runbook-actions/shared/cluster/configuration/plan-configuration.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { withWindowOverride } from '@runbook-actions/shared/record/override.ts'
import type { DeploymentRecord, Run } from '@runbook-actions/shared/record/schema.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import { CHANGE_CLASSES } from '@runbook-actions/shared/runbook/classes.ts'
import type { HolidayCalendar } from '@runbook-actions/shared/runbook/holidays.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { approve } from './approve.ts'
import { plan } from './plan.ts'
import { planConfigurationChange } from './plan-configuration.ts'

const changeClass = z.enum(CHANGE_CLASSES)

const inputs = z.object({
  mode: z
    .enum(['plan', 'check', 'approve', 're-check'])
    .default('check')
    .describe(
      'plan opens the record; check asks the questions before the approval; approve records who approved; re-check asks again right before the first write.',
    ),
  change: z
    .enum(['release', 'configuration'])
    .default('release')
    .describe('What is planned: a release, by its tag; or another configuration of what runs (plan).'),
  ...configurationInputs,
  ...clusterInputs,
  ...variableInputs,
  ...tokenInput,
  ...imageInputs,
  version: z.string().optional().describe('The tag to deploy, such as v1.2.3 (plan).'),
  'tag-prefix': z
    .string()
    .default('')
    .describe('What comes before the version in a tag, such as kafka-pipeline/ (plan).'),
  class: changeClass.optional().describe('Raises the change class; lowering it needs class-reason (plan).'),
  'class-reason': z
    .string()
    .optional()
    .describe('Why the change class is lower than the version says (plan).'),
  'first-deployment-class': changeClass
    .optional()
    .describe('The change class where no record says what runs (plan).'),
  record: z
    .string()
    .optional()
    .describe('The deployment record: output "record" of the plan (all other modes).'),
  'staging-record': z
    .string()
    .optional()
    .describe('The record of staging: output "record" of its validation (check).'),
  'window-override': z
    .string()
    .optional()
    .describe('Why to deploy at an avoided time; it is recorded (check, re-check).'),
  'redeploy-reason': z
    .string()
    .optional()
    .describe('Why to deploy a version that was rolled back before; it is recorded (plan).'),
})

const outputs = {
  ...phaseOutputs,
  pipeline: '',
  version: '',
  class: '',
  approval: '',
  strategy: '',
  'on-cancel': '',
  needed: 'true',
}

export const outputDescriptions: OutputDescriptions<typeof outputs> = {
  ...phaseOutputDescriptions,
  outcome: 'passed, blocked (a question has no good answer; nothing was changed), failed or cancelled.',
  pipeline: 'The pipeline of the runbook file.',
  version: 'The version that is deployed, such as v1.2.3.',
  class: 'The change class: patch, minor, major …',
  approval: 'The GitHub environment whose reviewers approve this class.',
  'on-cancel': 'What becomes of production where the run is cancelled: leave or rollback (plan).',
  strategy: 'How the version reaches the environment: rolling or canary.',
  needed: 'false where a configuration change would change nothing: nothing is to follow then (plan).',
}

type Given = z.output<typeof inputs>
type Context = ActionContext<Given, typeof outputs>

export const action: Action<typeof inputs, typeof outputs> = {
  name: 'preflight',
  description: 'Plans a deployment and asks the runbook’s questions before anything is changed.',
  inputs,
  outputs,
  async main(context) {
    const { needed = true, ...result } = await runMode(context)
    const { pipeline, version, class: decided, approval, strategy } = result.record
    const published = publish(result)
    return {
      ...published,
      outputs: {
        ...published.outputs,
        pipeline,
        version,
        class: decided,
        approval,
        strategy,
        needed: String(needed),
      },
    }
  },
}

/** A file of its own in the bundle. */
async function calendar(): Promise<HolidayCalendar> {
  return (await import('@runbook-actions/shared/calendar/public-holidays.ts')).publicHolidays
}

async function runMode(context: Context): Promise<PhaseResult & { readonly needed?: boolean }> {
  const { inputs: given, clock, signal, run } = context
  if (given.mode === 'approve') {
    const forge = await connectForge(given.token, run)
    if (forge === undefined) {
      throw new UserError(
        'Who approved cannot be looked up: there is no token or no repository.',
        'Pass "token: ${{ github.token }}" and grant the job "actions: read" and "issues: read"; approvals are only recorded in a workflow run.',
      )
    }
    return approve(readRunbook(given.runbook), handedOn(given.record), {
      forge,
      clock,
      log: context.log,
      signal,
    })
  }
  return inEnvironment(context, async ({ runbook, run: identity, cluster, jobs, store }) => {
    if (given.mode === 'plan') context.outputs.set({ 'on-cancel': runbook.rollback.onCancel })
    if (given.mode === 'plan' && given.change === 'configuration') {
      const { isNeeded, ...result } = await planConfigurationChange(
        runbook,
        await configurationRequest(context, runbook, identity),
        { cluster, store, calendar, clock, redact: context.redact, signal },
      )
      return { ...result, needed: isNeeded }
    }
    if (given.mode === 'plan') {
      const asked = await request(context, identity)
      return plan(runbook, asked, { cluster, store, calendar, clock, signal })
    }
    const record = withWindowOverride(handedOn(given.record), given['window-override'], identity.actor, clock)
    // A plan asks none of the questions, and an approval neither.
    const [forge, { connectSources }, { check, withStaging }] = await Promise.all([
      connectForge(given.token, run),
      import('@runbook-actions/shared/action/source-connections.ts'),
      import('./check.ts'),
    ])
    const { sources, close } = connectSources(runbook, { cluster, jobs }, forge, {
      ...context,
      variables: runbookVariables(context),
    })
    try {
      const ports = { sources, manifests: readManifests(record), log: context.log, signal }
      if (given.mode === 're-check') return await check('re-check', runbook, record, ports)
      const staging = given['staging-record']
      const known =
        staging === undefined
          ? record
          : withStaging(record, readRecord(staging, 'the input "staging-record"'))
      return await check('preflight', runbook, known, ports)
    } finally {
      await close()
    }
  })
}

function handedOn(text: string | undefined): DeploymentRecord {
  if (text !== undefined) return readRecord(text, 'the input "record"')
  throw new UserError(
    'There is no deployment record.',
    'Pass the output "record" of the preflight action in mode plan.',
  )
}

async function request(
  { inputs: given, run, signal }: Context,
  identity: Run,
): Promise<Parameters<typeof plan>[1]> {
  const tag = given.version ?? (run.refType === 'tag' ? run.refName : undefined)
  if (tag === undefined) {
    throw new UserError(
      'Nothing says which version to deploy.',
      'Push a tag such as v1.2.3, or pass the input "version".',
    )
  }
  const commit = run.sha ?? 'unknown'
  const forge = await connectForge(given.token, run)
  const wanted = given.class
  return {
    environment: given.environment,
    tag,
    tagPrefix: given['tag-prefix'],
    commit,
    author: await forge?.commitAuthor(commit, signal),
    run: identity,
    redeployReason: given['redeploy-reason'],
    wantedClass: wanted === undefined ? undefined : { class: wanted, reason: given['class-reason'] },
    firstDeploymentClass: given['first-deployment-class'],
    components: given.components,
    images: given.images,
  }
}

async function configurationRequest(
  { inputs: given, run, signal }: Context,
  runbook: Runbook,
  identity: Run,
): Promise<ConfigurationRequest> {
  const commit = run.sha ?? 'unknown'
  const forge = await connectForge(given.token, run)
  return {
    environment: given.environment,
    source: configurationSource(runbook, given['config-values']),
    commit,
    author: await forge?.commitAuthor(commit, signal),
    run: identity,
  }
}
