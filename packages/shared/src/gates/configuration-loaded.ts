import { containersOf, isTerminating, nameOf, splitPods, type ComponentState } from '../cluster/component.ts'
import {
  configuredVariables,
  wrongVariables,
  type ConfiguredVariable,
  type WrongVariable,
} from '../cluster/configuration/container-environment.ts'
import { dataDigest, type Data } from '../cluster/configuration/content-digest.ts'
import { filesFrom } from '../cluster/configuration/uses.ts'
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
    const found = await lookInto(asked, context, signal)
    return answerOf(found, filesRead([...states.values()], configMap), configMap)
  },
}

interface Asked {
  readonly pod: string
  readonly container: string
  readonly wanted: readonly ConfiguredVariable[]
}

interface Looked extends Asked {
  readonly wrong: readonly WrongVariable[]
}

/** Every container of every pod that shall have variables with one of these beginnings, or of a key that changes. */
function containersToAsk(
  state: ComponentState,
  { configMap, changes }: Configuration,
  data: Data,
  prefixes: readonly string[],
): Asked[] {
  const changed = new Set(changes.map(({ key }) => key))
  const pods = splitPods(state).current.filter((pod) => !isTerminating(pod))
  return containersOf(state.deployment).flatMap((container) => {
    const wanted = configuredVariables(container, configMap, data).filter(
      ({ name, key }) => changed.has(key) || prefixes.some((prefix) => name.startsWith(prefix)),
    )
    return wanted.length === 0
      ? []
      : pods.map((pod) => ({ pod: nameOf(pod), container: container.name, wanted }))
  })
}

async function lookInto(
  asked: readonly Asked[],
  { cluster }: GateContext<'cluster'>,
  signal: AbortSignal,
): Promise<Looked[]> {
  const looked: Looked[] = []
  for (let at = 0; at < asked.length; at += atOnce) {
    const some = asked.slice(at, at + atOnce).map(async (each) => {
      const has = await cluster.environment(each.pod, each.container, signal)
      return { ...each, wrong: wrongVariables(each.wanted, has) }
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
  const bad = looked.filter(({ wrong }) => wrong.length > 0)
  const pods = counted(new Set(looked.map(({ pod }) => pod)).size, 'pod')
  const variables = counted(
    new Set(looked.flatMap(({ wanted }) => wanted.map(({ name }) => name))).size,
    'variable',
  )
  const value = `${looked.length - bad.length} of ${counted(looked.length, 'container')}`
  if (bad.length === 0) {
    return {
      verdict: 'pass',
      answer: `All ${pods} have the values of ${configMap} in ${variables}, compared by digest.${also}`,
      value,
    }
  }
  const evidence = bad.flatMap(({ pod, wrong }) =>
    wrong.map(
      ({ name, how, mayBeFrom }) =>
        `${pod}: ${name} ${how}${mayBeFrom === undefined ? '' : `, perhaps that of ${mayBeFrom}, which is read later`}`,
    ),
  )
  const names = [...new Set(bad.flatMap(({ wrong }) => wrong.map(({ name }) => name)))]
  // What another source may have set on purpose is no failure that is shown.
  const isShown = bad.some(({ wrong }) => wrong.some(({ mayBeFrom }) => mayBeFrom === undefined))
  return {
    verdict: isShown ? 'fail' : 'inconclusive',
    answer: `${counted(bad.length, 'container')} of ${looked.length} ${bad.length === 1 ? 'has' : 'have'} not what ${configMap} says: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}.${also}`,
    value,
    evidence,
  }
}
