import { UserError } from '../../errors.ts'
import type { Configuration } from '../../record/configuration.ts'
import { isTakenBack } from '../../record/going-back.ts'
import { openRecord } from '../../record/open.ts'
import type { DeploymentRecord, KnownGood, Run } from '../../record/schema.ts'
import type { Memory } from '../../record/store.ts'
import { requirementsFor } from '../../runbook/classes.ts'
import { environmentOf } from '../../runbook/environments.ts'
import type { Runbook } from '../../runbook/schema.ts'
import { containerOf, type ComponentState } from '../component.ts'
import { planComponents } from '../plan-components.ts'
import { usedBy } from '../snapshot.ts'
import { findDrift } from '../what-runs.ts'
import { dataDigest, type Data } from './content-digest.ts'
import { keyChanges, wantedData, type ConfigurationSource } from './source.ts'

export interface ConfigurationRequest {
  readonly environment: string
  readonly source: ConfigurationSource
  /** The commit that holds the file. */
  readonly commit: string
  readonly author?: string | undefined
  readonly run: Run
}

export interface ConfigurationPlan {
  readonly record: DeploymentRecord & { readonly configuration: Configuration }
  /** False where the ConfigMap says so already and nothing is left of a change that was begun: nothing is restarted. */
  readonly isNeeded: boolean
}

/**
 * Decides what a configuration change is: which keys, and which components are restarted because they use the ConfigMap. The
 * code stays: every image is pinned to what its pods run, so that a restart cannot bring another one.
 *
 * @param running the ConfigMap's data as it stands
 * @throws UserError where it must not be changed, or where that cannot be told
 */
export function planConfiguration(
  runbook: Runbook,
  { environment, source, commit, author, run }: ConfigurationRequest,
  memory: Memory,
  states: ReadonlyMap<string, ComponentState>,
  running: Data,
  now: Date,
): ConfigurationPlan {
  const configMap = configMapOf(runbook)
  const from = whatStays(environment, memory, states)
  const users = runbook.components.filter(({ deployment }) => {
    const state = states.get(deployment)
    return state !== undefined && usedBy(state.deployment).configMaps.includes(configMap)
  })
  if (users.length === 0) {
    throw new UserError(
      `No component of the runbook file uses the ConfigMap ${configMap}: nothing would take its change up.`,
      'Check "config.config-map" of the runbook file against the Deployments.',
    )
  }
  const wanted = wantedData(source, running)
  const begun = begunChange(memory, dataDigest(wanted))
  const changes = begun?.changes ?? keyChanges(running, wanted)
  const needs = requirementsFor(runbook, 'configuration', environment)
  const restartedAt = now.toISOString()
  const record = openRecord(
    {
      pipeline: runbook.pipeline,
      environment,
      namespace: environmentOf(runbook, environment).namespace,
      version: from.version,
      tag: from.version,
      // Values that are given with the run are in no commit: what is asked of commits is asked of the one that runs.
      commit: 'file' in source ? commit : (from.commit ?? commit),
      ...(author !== undefined && { author }),
      run,
      class: 'configuration',
      strategy: 'rolling',
      approval: needs.approval,
      from,
      plan: planRestarts(users, states, from).map((component) => ({ ...component, restartedAt })),
    },
    now,
  )
  const configuration: Configuration = {
    configMap,
    ...('file' in source && { file: source.file }),
    changes,
    before: begun?.before ?? dataDigest(running),
    after: dataDigest(wanted),
  }
  return { record: { ...record, configuration }, isNeeded: changes.length > 0 }
}

/**
 * The ConfigMap that configuration changes are about.
 *
 * @throws UserError where the runbook file names none
 */
export function configMapOf({ config: { configMap } }: Runbook): string {
  if (configMap !== undefined) return configMap
  throw new UserError(
    'The runbook file names no ConfigMap, so that there are no configuration changes.',
    'Name it as "config.config-map", and its file as "config.manifest".',
  )
}

/** @throws UserError where no record says what runs, or something else does: its restart would be a deployment */
function whatStays(
  environment: string,
  memory: Memory,
  states: ReadonlyMap<string, ComponentState>,
): KnownGood & { readonly version: string } {
  const { knownGood } = memory
  if (knownGood?.version === undefined) {
    throw new UserError(
      `No record says which version runs in ${environment}.`,
      'Deploy a release first; from then on its configuration can be changed.',
    )
  }
  const drift = findDrift(memory, states)
  if (drift.length > 0) {
    throw new UserError(
      `${environment} does not run what its record says (${knownGood.version}): ${drift.map(({ sentence }) => sentence).join('; ')}.`,
      'Put it back as recorded, or deploy a release; then change the configuration.',
    )
  }
  return { ...knownGood, version: knownGood.version }
}

/** The same change, begun by a run before this one and not brought to its end: the ConfigMap may be written, and pods be old. */
function begunChange({ latest, knownGood }: Memory, after: string): Configuration | undefined {
  if (latest === undefined || latest.id === knownGood?.recordId || isTakenBack(latest)) return undefined
  return latest.configuration?.after === after ? latest.configuration : undefined
}

function planRestarts(
  components: Runbook['components'],
  states: ReadonlyMap<string, ComponentState>,
  { components: good }: KnownGood,
) {
  const running = good.flatMap(({ deployment, container, digest }) => {
    const state = states.get(deployment)
    const image = state && containerOf(state.deployment, container)?.image
    return image === undefined ? [] : [{ deployment, image, digest }]
  })
  const of = (name: string) => running.find(({ deployment }) => deployment === name)
  return planComponents(
    // No manifest: it may hold more than what changes here.
    components.map(({ manifest: _, ...component }) => component),
    states,
    {
      version: '',
      overrides: new Map(
        components.flatMap(({ deployment }) => {
          const image = of(deployment)?.image
          return image === undefined ? [] : [[deployment, image] as const]
        }),
      ),
      digests: new Map(running.map(({ deployment, digest }) => [deployment, digest])),
    },
  )
}
