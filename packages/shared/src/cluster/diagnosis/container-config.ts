import { clipped, sentence, whichPods, type Rule } from './finding.ts'

const reasons = new Set(['CreateContainerConfigError', 'CreateContainerError'])

/** A container that Kubernetes cannot make from its spec: a ConfigMap, a Secret, a key or a volume is missing. */
export const containerConfig: Rule = ({ pods }) => {
  const stuck = pods.flatMap((pod) => {
    const waiting = pod.containers.find((each) => reasons.has(each.waiting?.reason ?? ''))?.waiting
    const mount = pod.events.findLast(({ reason }) => reason === 'FailedMount')
    const isCreating = pod.containers.some((each) => each.waiting?.reason === 'ContainerCreating')
    const message = waiting?.message ?? (isCreating ? mount?.message : undefined)
    return message === undefined ? [] : [{ pod: pod.name, message }]
  })
  const [first] = stuck
  if (first === undefined) return undefined
  return {
    kind: 'container-config',
    sentence: sentence(
      `${whichPods(stuck.map(({ pod }) => pod))}: its container cannot be configured: ${inWords(first.message)}`,
    ),
    section: 'crash',
    cause: 'Configuration errors',
    pod: first.pod,
  }
}

const kinds: Readonly<Record<string, string>> = { configmap: 'ConfigMap', secret: 'Secret' }

/** What is missing, by name; Kubernetes' own words where it is something else. */
function inWords(message: string): string {
  const key = /couldn't find key (\S+) in (ConfigMap|Secret) (?:\S+\/)?(\S+)/u.exec(message)
  if (key !== null) return `the key "${key[1] ?? ''}" is missing in ${key[2] ?? ''} "${key[3] ?? ''}"`
  const keys = /references non-existent (config|secret) key: (\S+)/u.exec(message)
  if (keys !== null)
    return `a volume wants the key "${keys[2] ?? ''}", which its ${keys[1] === 'secret' ? 'Secret' : 'ConfigMap'} does not have`
  const object = /\b(configmap|secret) "([^"]+)" not found/iu.exec(message)
  if (object !== null)
    return `${kinds[(object[1] ?? '').toLowerCase()] ?? ''} "${object[2] ?? ''}" does not exist`
  return clipped(message === '' ? 'Kubernetes does not say why' : message)
}
