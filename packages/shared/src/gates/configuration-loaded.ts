import {
  containersOf,
  isTerminating,
  nameOf,
  splitPods,
  type ComponentState,
  type Container,
} from '../cluster/component.ts'
import {
  configuredVariables,
  wrongVariables,
  type VariableFinding,
} from '../cluster/configuration/container-environment.ts'
import { dataDigest, type Data } from '../cluster/configuration/content-digest.ts'
import {
  remainingVariables,
  removedVariables,
  type KnownValues,
} from '../cluster/configuration/removed-variables.ts'
import { wrongFile } from '../cluster/configuration/file-reading.ts'
import { configuredFiles } from '../cluster/configuration/mounted-files.ts'
import type { Configuration } from '../record/configuration.ts'
import { configurationAnswer, type Asked, type Looked } from './configuration-answer.ts'
import type { Gate, GateContext } from './gate.ts'

/** Containers that are asked at the same time: each is a connection, and a program on a node. */
const atOnce = 8

/** A ConfigMap that says something is not a pod that has read it: every pod is asked what its environment and its files really are. */
export const configurationLoaded: Gate<'cluster'> = {
  name: 'configuration-loaded',
  question: 'Verify new config loaded',
  occasions: ['post-deploy'],
  query: ({ cluster, runbook }) =>
    `kubectl exec -n ${cluster.namespace} POD -- env | grep -E '^(${runbook.config.verifyEnv.join('|')})'; kubectl exec -n ${cluster.namespace} POD -- cat FILE | sha256sum`,
  async measure(context, signal) {
    const { record, cluster } = context
    const { configuration } = record
    const { verifyEnv: prefixes } = context.runbook.config
    if (configuration === undefined)
      return { verdict: 'skipped', answer: 'The configuration was not changed.' }
    if (prefixes.length === 0)
      return {
        verdict: 'skipped',
        answer: 'Not looked at: "config.verify-env" of the runbook file is empty.',
      }
    const { configMap, after } = configuration
    const live = await cluster.configMap(configMap, signal)
    if (live === undefined || dataDigest(live.data) !== after) {
      return { verdict: 'fail', answer: `The ConfigMap ${configMap} does not say any more what was applied.` }
    }
    const states = await cluster.components(
      record.plan.map(({ deployment }) => deployment),
      signal,
    )
    const all = [...states.values()]
    const asked = all.flatMap((state) => containersToAsk(state, configuration, live.data, prefixes))
    const known = await knownValues(asked, context, signal)
    const found = await lookInto(asked, known, context, signal)
    return configurationAnswer(found, filesNotTold(all, configuration, live.data), configMap)
  },
}

/**
 * Every container of every pod that shall have variables with one of these beginnings; or has, or had, variables or files of a key
 * that changes.
 */
function containersToAsk(
  state: ComponentState,
  { configMap, changes }: Configuration,
  data: Data,
  prefixes: readonly string[],
): Asked[] {
  const changed = new Set(changes.map(({ key }) => key))
  const gone = changes.flatMap(({ key, change }) => (change === 'removed' ? [key] : []))
  const pods = splitPods(state).current.filter((pod) => !isTerminating(pod))
  return containersOf(state.deployment).flatMap((container) => {
    const wanted = configuredVariables(container, configMap, data).filter(
      ({ name, key }) => changed.has(key) || prefixes.some((prefix) => name.startsWith(prefix)),
    )
    const removed = removedVariables(container, configMap, gone, data)
    const { files } = filesIn(state, container, configMap, [...changed], data)
    return wanted.length + removed.length + files.length === 0
      ? []
      : pods.map((pod) => ({ pod: nameOf(pod), container: container.name, wanted, removed, files }))
  })
}

function filesIn(
  { deployment }: ComponentState,
  container: Container,
  configMap: string,
  keys: readonly string[],
  data: Data,
) {
  return configuredFiles(deployment.spec?.template.spec ?? {}, container, configMap, keys, data)
}

/** What may tell where a removed variable is from; nothing is read where none was removed. */
async function knownValues(
  asked: readonly Asked[],
  { cluster, record, configurationBefore }: GateContext<'cluster'>,
  signal: AbortSignal,
): Promise<KnownValues> {
  const removed = asked.flatMap((each) => each.removed)
  if (removed.length === 0) return { before: undefined, others: new Map() }
  const { configuration, snapshot } = record
  const copy = snapshot?.configMaps.find(({ name }) => name === configuration?.configMap)?.copy
  const kept = copy === undefined ? undefined : await cluster.configMap(copy, signal)
  const names = new Set(
    removed.flatMap(({ others }) => others.flatMap(({ kind, name }) => (kind === 'ConfigMap' ? [name] : []))),
  )
  const others = await Promise.all(
    [...names].map(async (name) => [name, (await cluster.configMap(name, signal))?.data ?? {}] as const),
  )
  return { before: configurationBefore ?? kept?.data, others: new Map(others) }
}

async function lookInto(
  asked: readonly Asked[],
  known: KnownValues,
  { cluster }: GateContext<'cluster'>,
  signal: AbortSignal,
): Promise<Looked[]> {
  const looked: Looked[] = []
  for (let at = 0; at < asked.length; at += atOnce) {
    const some = asked.slice(at, at + atOnce).map(async (each): Promise<Looked> => {
      const { pod, container, wanted, removed, files } = each
      const findings: VariableFinding[] = []
      if (wanted.length + removed.length > 0) {
        const has = await cluster.environment(pod, container, signal)
        findings.push(...wrongVariables(wanted, has), ...remainingVariables(removed, has, known))
      }
      for (const file of files) {
        const wrong = wrongFile(file, await cluster.file(pod, container, file.path, signal))
        if (wrong !== undefined) findings.push(wrong)
      }
      return { ...each, findings }
    })
    looked.push(...(await Promise.all(some)))
  }
  return looked
}

/** `download-worker has files of it at /etc/settings (subPathExpr)`: paths that only the node knows. */
function filesNotTold(
  states: readonly ComponentState[],
  { configMap, changes }: Configuration,
  data: Data,
): string[] {
  const keys = changes.map(({ key }) => key)
  return states.flatMap((state) => {
    const places = containersOf(state.deployment).flatMap(
      (container) => filesIn(state, container, configMap, keys, data).notTold,
    )
    return places.length === 0 ? [] : [`${nameOf(state.deployment)} has files of it at ${places.join(', ')}`]
  })
}
