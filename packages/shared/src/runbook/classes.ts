import { UserError } from '../errors.ts'
import { environmentOf } from './environments.ts'
import type { Runbook } from './schema.ts'
import { CHANGE_CLASSES, type ChangeClass, type Strategy } from './schema/names.ts'
import { didYouMean } from './suggest.ts'
import { compareVersions, formatVersion, type Version } from './version.ts'

export { CHANGE_CLASSES, type ChangeClass }

/** The class of a change of version; `same` and `downgrade` are no change of a class, what they mean the caller decides. */
export type VersionChange = ChangeClass | 'same' | 'downgrade'

/**
 * What going from the version that runs to `to` is. A `-hotfix` counts as a hotfix only on the line that runs (same
 * major and minor): a larger step keeps the class of its size, so that the suffix is no way around an approval.
 * Never `configuration`: that is a change without a new version.
 */
export function classOf(from: Version, to: Version): VersionChange {
  const order = compareVersions(to, from)
  if (order === 0) return 'same'
  if (order < 0) return 'downgrade'
  if (to.major !== from.major) return 'major'
  if (to.minor !== from.minor) return 'minor'
  return to.hotfix ? 'hotfix' : 'patch'
}

/** Reads the name of a class from an input; `input` is the input's name for the message. */
export function parseClass(text: string, input: string): ChangeClass {
  const found = CHANGE_CLASSES.find((name) => name === text)
  if (found !== undefined) return found
  throw new UserError(
    `The value ${JSON.stringify(text)} of ${input} is no class of change${didYouMean(text, CHANGE_CLASSES)}`,
    `Valid values: ${CHANGE_CLASSES.join(', ')}`,
  )
}

/**
 * The classes by strictness. A hotfix stands lowest: it needs the least before it ships (any time, the person on
 * call), so calling another change a hotfix loosens its rules.
 */
const STRICTNESS: Record<ChangeClass, number> = { hotfix: 0, configuration: 1, patch: 2, minor: 3, major: 4 }

/** A class with what was found, when a person decided otherwise. */
export interface DecidedClass {
  class: ChangeClass
  /** What the versions say; absent on a first deployment. */
  found?: ChangeClass
  adjustment: 'none' | 'raised' | 'lowered' | 'first-deployment'
  /** Why it was lowered or raised, as given. */
  reason?: string
}

/** A class that a person asked for, and why. */
export interface WantedClass {
  class: ChangeClass
  reason?: string | undefined
}

/** Applies the input: a class can be raised freely, lowered only with a reason (`UserError` without one). */
export function adjustClass(found: ChangeClass, wanted?: WantedClass): DecidedClass {
  if (wanted === undefined || wanted.class === found) return { class: found, found, adjustment: 'none' }
  const reason = wanted.reason?.trim() ?? ''
  const raised = STRICTNESS[wanted.class] > STRICTNESS[found]
  if (!raised && wanted.class === 'configuration') {
    throw new UserError(`A ${found} change cannot be called a configuration change: it brings a new version`)
  }
  if (!raised && reason === '') {
    throw new UserError(
      `The versions make this a ${found} change; it can be called ${wanted.class} only with a reason`,
      'Give the reason; it stands in the ticket and the record',
    )
  }
  return {
    class: wanted.class,
    found,
    adjustment: raised ? 'raised' : 'lowered',
    ...(reason === '' ? {} : { reason }),
  }
}

/**
 * The class of the very first deployment, where nothing runs that the version could be compared with:
 * `first-deployment-class` of the caller. A `UserError` when it is not given.
 */
export function firstDeploymentClass(to: Version, given: ChangeClass | undefined): DecidedClass {
  if (given !== undefined) return { class: given, adjustment: 'first-deployment' }
  throw new UserError(
    `The class of ${formatVersion(to)} cannot be told: no deployment of this pipeline is recorded to compare it with`,
    `Give first-deployment-class once: ${CHANGE_CLASSES.join(', ')}`,
  )
}

/** What a class needs, from `changes` of the runbook. */
export interface Requirements {
  risk: 'low' | 'medium' | 'high'
  /** The GitHub environment whose reviewers approve. */
  approval: string
  /** Different people who must approve. */
  approvers: number
  strategy: Strategy
  /** `any`: the deployment window does not apply. */
  window: 'preferred' | 'any'
  /** How long critical and important metrics are watched, in milliseconds. */
  criticalMs: number
  importantMs: number
  /** Lines of the checklist that a person ticks off. */
  confirm: string[]
}

/**
 * What a class needs in an environment of the runbook; the environment's own strategy goes before the class's.
 * An environment that the runbook does not name is a `UserError`.
 */
export function requirementsFor(
  runbook: Runbook,
  changeClass: ChangeClass,
  environment: string,
): Requirements {
  const { watch, strategy, ...rest } = runbook.changes[changeClass]
  return {
    ...rest,
    strategy: environmentOf(runbook, environment).strategy ?? strategy,
    criticalMs: watch ?? runbook.watch.critical.for,
    importantMs: watch ?? runbook.watch.important.for,
  }
}
