import { clipped, sentence, whichPods, type Rule } from './finding.ts'

/** What the scheduler's sentence means, the most telling first; several nodes may refuse for several reasons. */
const reasons: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/Insufficient ([\w./-]*\w)/u, ([, resource = '']) => `there is not enough ${resource}`],
  [/Too many pods/u, () => 'the nodes have as many pods as they may'],
  [
    /untolerated taint\(?s?\)? ?\{?([^:}\s]*)/u,
    ([, taint = '']) => `it does not tolerate the taint ${taint}`,
  ],
  [
    /didn't match (?:Pod's )?(?:node (?:affinity|selector)|.*affinity)/u,
    () => 'no node matches its selector or affinity',
  ],
  [/topology spread constraints/u, () => 'its topology spread constraints cannot be met'],
  [
    /unbound immediate PersistentVolumeClaims|volume node affinity|persistentvolumeclaim/u,
    () => 'its volume is not available',
  ],
  [/were unschedulable/u, () => 'the nodes are cordoned'],
]

/** A pod that no node takes: the scheduler's sentence, and what it means. */
export const unschedulable: Rule = ({ pods }) => {
  const without = pods.filter((pod) => pod.unschedulable !== undefined)
  const [first] = without
  if (first === undefined) return undefined
  const message = first.unschedulable ?? ''
  const meanings = reasons.flatMap(([pattern, meaning]) => {
    const match = pattern.exec(message)
    return match === null ? [] : [meaning(match)]
  })
  const who = whichPods(without.map(({ name }) => name))
  const why = [meanings.slice(0, 2).join(', and '), message === '' ? '' : `"${clipped(message)}"`].filter(
    (part) => part !== '',
  )
  return {
    kind: 'unschedulable',
    sentence: sentence(
      `${who}: no node has room for it${why.length === 0 ? '' : `: ${clipped(why.join(': '), 500)}`}`,
    ),
    section: 'stuck',
    ...(/Insufficient|Too many pods/u.test(message) && { cause: 'Insufficient cluster capacity' as const }),
    pod: first.name,
  }
}
