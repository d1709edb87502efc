import type { ConfiguredVariable, VariableFinding } from '../cluster/configuration/container-environment.ts'
import type { ConfiguredFile } from '../cluster/configuration/mounted-files.ts'
import type { RemovedVariable } from '../cluster/configuration/removed-variables.ts'
import { verdicts, worst } from '../decide/verdict.ts'
import type { Answer } from './gate.ts'
import { counted } from './released-commits.ts'

/** A container of a pod that is asked. */
export interface Asked {
  readonly pod: string
  readonly container: string
  /** What it must have. */
  readonly wanted: readonly ConfiguredVariable[]
  /** What it must not have any more. */
  readonly removed: readonly RemovedVariable[]
  /** Those of the keys that change. */
  readonly files: readonly ConfiguredFile[]
}

/** What was found there. */
export interface Looked extends Asked {
  readonly findings: readonly VariableFinding[]
}

/** What to do about an image that cannot be asked. */
const withoutCat =
  'An image without a program "cat" cannot be asked for its files: with "config.verify-env: []" in the runbook file no pod is asked.'

/**
 * What the containers of all pods show.
 *
 * @param notTold where files are whose paths only the node knows
 */
export function configurationAnswer(
  looked: readonly Looked[],
  notTold: readonly string[],
  configMap: string,
): Answer {
  const also =
    notTold.length === 0
      ? ''
      : ` ${notTold.join('; ')}, which are not looked into: its pods were made after the change.`
  if (looked.length === 0) {
    return notTold.length > 0
      ? { verdict: 'warn', answer: `Nothing of ${configMap} was looked at.${also}` }
      : {
          verdict: 'inconclusive',
          answer: `No pod has a variable or a file of ${configMap} to look at: nothing is shown.`,
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
    evidence: [
      ...findings
        .toSorted((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict))
        .map(({ pod, name, how }) => `${pod}: ${name} ${how}`),
      ...(findings.some(({ isUnread = false }) => isUnread) ? [withoutCat] : []),
    ],
  }
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}`
}

/** `All 2 pods have the values of settings in 3 variables and 1 file, compared by digest.`, and what is gone */
function whatIsShown(looked: readonly Looked[], pods: string, configMap: string): string {
  const bad = new Set(looked.flatMap(({ findings }) => findings.map(({ name }) => name)))
  const shown = (names: readonly string[]): number => new Set(names.filter((name) => !bad.has(name))).size
  const files = looked.flatMap((each) => each.files)
  const paths = (isThere: boolean): string[] =>
    files.flatMap(({ path, digest }) => ((digest !== undefined) === isThere ? [path] : []))
  const have = [
    ...counts(shown(looked.flatMap((each) => each.wanted.map(({ name }) => name))), 'variable'),
    ...counts(shown(paths(true)), 'file'),
  ]
  const gone = [
    ...counts(shown(looked.flatMap((each) => each.removed.map(({ name }) => name))), 'variable'),
    ...counts(shown(paths(false)), 'file'),
  ]
  const sentences = [
    ...(have.length > 0
      ? [`All ${pods} have the values of ${configMap} in ${have.join(' and ')}, compared by digest.`]
      : []),
    ...(gone.length > 0 ? [`Gone from all ${pods} with what was removed: ${gone.join(', ')}.`] : []),
  ]
  return sentences.join(' ')
}

function counts(count: number, what: string): string[] {
  return count === 0 ? [] : [counted(count, what)]
}
