import { UserError } from '../errors.ts'
import { openRecord } from '../record/open.ts'
import type { DeploymentRecord, KnownGood, Run } from '../record/schema.ts'
import type { Memory } from '../record/store.ts'
import {
  adjustClass,
  classOf,
  firstDeploymentClass,
  requirementsFor,
  type ChangeClass,
  type DecidedClass,
  type WantedClass,
} from '../runbook/classes.ts'
import { environmentOf } from '../runbook/environments.ts'
import type { Runbook } from '../runbook/schema.ts'
import { parseVersion, versionOfTag, formatVersion } from '../runbook/version.ts'
import type { ComponentState } from './component.ts'
import { planComponents } from './plan-components.ts'
import { adoptWhatRuns, findDrift } from './what-runs.ts'

export interface DeploymentRequest {
  readonly environment: string
  /** The tag that was pushed, prefix included. */
  readonly tag: string
  /** `kafka-pipeline/` in a repository of several pipelines, else empty. */
  readonly tagPrefix: string
  readonly commit: string
  readonly author?: string | undefined
  readonly run: Run
  readonly wantedClass?: WantedClass | undefined
  readonly firstDeploymentClass?: ChangeClass | undefined
  /** Some of the runbook's components; all where it is empty. */
  readonly components: readonly string[]
  readonly images: ReadonlyMap<string, string>
}

export interface DeploymentPlan {
  readonly record: DeploymentRecord
  readonly decided: DecidedClass
  /** No version to compare with was recorded: what runs is adopted as known good. */
  readonly adopts: boolean
}

/**
 * Decides what a deployment is: what runs, the class of the change, who approves, what each component will run.
 *
 * @throws UserError where it must not be deployed, or where that cannot be told
 */
export function planDeployment(
  runbook: Runbook,
  request: DeploymentRequest,
  memory: Memory,
  states: ReadonlyMap<string, ComponentState>,
  now: Date,
): DeploymentPlan {
  const version = versionOfTag(request.tag, request.tagPrefix)
  refuseHotfixTag(request.tag, version.hotfix)
  const components = chosenComponents(runbook, request.components)
  const plan = planComponents(components, states, {
    version: formatVersion(version),
    overrides: request.images,
  })

  const adopts = adoptsWhatRuns(request, memory, states)
  const from = adopts ? adoptWhatRuns(plan, states, now) : memory.knownGood
  const decided =
    adopts || from === undefined
      ? firstDeploymentClass(version, request.firstDeploymentClass)
      : decideClass(from, request)
  const needs = requirementsFor(runbook, decided.class, request.environment)
  const { environment, tag, commit, author, run } = request
  const record = openRecord(
    {
      pipeline: runbook.pipeline,
      environment,
      namespace: environmentOf(runbook, environment).namespace,
      version: formatVersion(version),
      tag,
      commit,
      ...(author !== undefined && { author }),
      run,
      class: decided.class,
      strategy: needs.strategy,
      approval: needs.approval,
      ...(from !== undefined && { from }),
      plan,
    },
    now,
  )
  return { record, decided, adopts }
}

function chosenComponents(runbook: Runbook, chosen: readonly string[]): Runbook['components'] {
  const known = runbook.components.map(({ deployment }) => deployment)
  const unknown = chosen.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new UserError(
      `The runbook file has no component ${unknown.map((name) => `"${name}"`).join(', ')}.`,
      `Its components are: ${known.join(', ')}.`,
    )
  }
  return chosen.length === 0
    ? runbook.components
    : runbook.components.filter(({ deployment }) => chosen.includes(deployment))
}

function adoptsWhatRuns(
  { environment, firstDeploymentClass: givenClass }: DeploymentRequest,
  memory: Memory,
  states: ReadonlyMap<string, ComponentState>,
): boolean {
  if (memory.knownGood?.version === undefined) return true
  const drift = findDrift(memory, states)
  if (drift.length === 0) return false
  if (givenClass !== undefined) return true
  throw new UserError(
    `${environment} does not run what its record says (${memory.knownGood.version}): ${drift.map(({ sentence }) => sentence).join('; ')}.`,
    'Put it back as recorded, or give "first-deployment-class" to adopt what runs now as known good.',
  )
}

function decideClass(from: KnownGood, { tag, tagPrefix, wantedClass }: DeploymentRequest): DecidedClass {
  const running = from.version ?? ''
  const change = classOf(parseVersion(running), versionOfTag(tag, tagPrefix))
  if (change === 'downgrade') {
    throw new UserError(
      `${tag} is older than what runs, ${running}: going back is a rollback, not a deployment.`,
      'Roll back, or tag a new version.',
    )
  }
  // The same version again brings nothing new: it is approved like the smallest change, and rolls nothing.
  return adjustClass(change === 'same' ? 'patch' : change, wantedClass)
}

function refuseHotfixTag(tag: string, isHotfix: boolean): void {
  if (!isHotfix) return
  throw new UserError(
    `${tag} is a hotfix, which goes its own way to production.`,
    'Deploy it by the workflow hotfix.yml; this one takes releases such as v1.2.3.',
  )
}
