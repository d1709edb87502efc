import { containersOf, isTerminating, nameOf, splitPods, type ComponentState } from '../cluster/component.ts'
import {
  configuredVariables,
  wrongVariables,
  type ConfiguredVariable,
  type VariableFinding,
} from '../cluster/configuration/container-environment.ts'
import { dataDigest, type Data } from '../cluster/configuration/content-digest.ts'
import {
  remainingVariables,
  removedVariables,
  type KnownValues,
  type RemovedVariable,
} from '../cluster/configuration/removed-variables.ts'
import { filesFrom } from '../cluster/configuration/uses.ts'
import { verdicts, worst } from '../decide/verdict.ts'
import type { Configuration } from '../record/configuration.ts'
import type { Answer, Gate, GateContext } from './gate.ts'
import { counted } from './released-commits.ts'

/** Containers that are asked at the same time: each is a connection, and a program on a node. */
const atOnce = 8

/** A ConfigMap that says something is not a pod that has read it: every pod is asked what its environment really is. */
export const configurationLoaded: Gate<'cluster'> = {
  name: 'configuration-loaded',
  question: 'Verify new config loaded',
  occasions: ['post-deploy'],
  query: ({ cluster, runbook }) =>
    `kubectl exec -n ${cluster.namespace} POD -- env | grep -E '^(${runbook.config.verifyEnv.join('|')})'`,
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
    const asked = [...states.values()].flatMap((state) =>
      containersToAsk(state, configuration, live.data, prefixes),
    )
    const known = await knownValues(asked, context, signal)
    const found = await lookInto(asked, known, context, signal)
    return answerOf(found, filesRead([...states.values()], configMap), configMap)
  },
}

interface Asked {
  readonly pod: string
  readonly container: string
  /** What it must have. */
  readonly wanted: readonly ConfiguredVariable[]
  /** What it must not have any more. */
  readonly removed: readonly RemovedVariable[]
}

interface Looked extends Asked {
  readonly findings: readonly VariableFinding[]
}

/**
 * Every container of every pod that shall have variables with one of these beginnings, or of a key that changes; or that had one
 * of a key that was removed.
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
    return wanted.length + removed.length === 0
      ? []
      : pods.map((pod) => ({ pod: nameOf(pod), container: container.name, wanted, removed }))
  })
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
      const has = await cluster.environment(each.pod, each.container, signal)
      const findings = [...wrongVariables(each.wanted, has), ...remainingVariables(each.removed, has, known)]
      return { ...each, findings }
    })
    looked.push(...(await Promise.all(some)))
  }
  return looked
}

/** `download-worker reads it as files (volume settings)`: of files nothing is shown by an environment. */
function filesRead(states: readonly ComponentState[], configMap: string): string[] {
  return states.flatMap(({ deployment }) => {
    const volumes = filesFrom(deployment, configMap)
    return volumes.length === 0
      ? []
      : [`${nameOf(deployment)} reads it as files (${volumes.join(', ')}), which are not looked into`]
  })
}

function answerOf(looked: readonly Looked[], files: readonly string[], configMap: string): Answer {
  const also = files.length === 0 ? '' : ` ${files.join('; ')}: its pods were made after the change.`
  if (looked.length === 0) {
    return files.length > 0
      ? { verdict: 'warn', answer: `No variable of ${configMap} was looked at.${also}` }
      : {
          verdict: 'inconclusive',
          answer: `No pod has a variable of ${configMap} to look at: nothing is shown.`,
        }
  }
  const bad = looked.filter(({ findings }) => findings.length > 0)
  const pods = counted(new Set(looked.map(({ pod }) => pod)).size, 'pod')
  const value = `${looked.length - bad.length} of ${counted(looked.length, 'container')}`
  if (bad.length === 0) {
    return { verdict: 'pass', answer: `${whatIsShown(looked, pods, configMap)}${also}`, value }
  }
  const findings = bad.flatMap((each) => each.findings.map((finding) => ({ pod: each.pod, ...finding })))
  const names = [...new Set(findings.map(({ name }) => name))]
  const verdict = worst(findings.map((finding) => finding.verdict))
  const isElsewhere = verdict === 'warn'
  return {
    verdict,
    answer: isElsewhere
      ? `${whatIsShown(looked, pods, configMap)} Removed, and set by others: ${some(names)}.${also}`
      : `${counted(bad.length, 'container')} of ${looked.length} ${bad.length === 1 ? 'has' : 'have'} not what ${configMap} says: ${some(names)}.${also}`,
    value,
    evidence: findings
      .toSorted((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict))
      .map(({ pod, name, how }) => `${pod}: ${name} ${how}`),
  }
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}`
}

/** `All 2 pods have the values of settings in 3 variables, compared by digest; 1 variable that was removed is gone.` */
function whatIsShown(looked: readonly Looked[], pods: string, configMap: string): string {
  const different = (names: readonly string[]): string[] => [...new Set(names)]
  const wanted = different(looked.flatMap((each) => each.wanted.map(({ name }) => name)))
  const left = new Set(looked.flatMap(({ findings }) => findings.map(({ name }) => name)))
  const gone = different(looked.flatMap((each) => each.removed.map(({ name }) => name))).filter(
    (name) => !left.has(name),
  )
  const have = `have the values of ${configMap} in ${counted(wanted.length, 'variable')}, compared by digest`
  const lack = `${counted(gone.length, 'variable')} that ${gone.length === 1 ? 'was removed is' : 'were removed are'} gone`
  if (wanted.length === 0) return gone.length === 0 ? '' : `In all ${pods} ${lack}.`
  return gone.length === 0 ? `All ${pods} ${have}.` : `All ${pods} ${have}; ${lack}.`
}
