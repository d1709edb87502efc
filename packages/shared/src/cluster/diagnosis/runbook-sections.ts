/** The runbook's "Troubleshooting Common Deployment Issues", in its own words; the names are filled in. */

export type SectionName = 'imagePull' | 'crash' | 'stuck'

/** The causes that the runbook's sections list. */
export type CommonCause =
  | 'Missing environment variables'
  | 'Database connection failures'
  | 'Configuration errors'
  | 'Out of memory'
  | 'Readiness probe failing'
  | 'Resource quota exceeded'
  | 'Insufficient cluster capacity'

export interface Names {
  readonly namespace: string
  readonly deployment: string
  /** Absent where no pod could be made; the runbook's own placeholder stands there then. */
  readonly pod?: string
  readonly image?: string
  readonly pullSecret?: string
  /** The revision to go back to. */
  readonly before?: string
  /** What was found to be the cause is marked in the list. */
  readonly cause?: CommonCause
}

interface RunbookSection {
  readonly title: string
  readonly lines: (names: Names) => readonly string[]
}

const sections: Readonly<Record<SectionName, RunbookSection>> = {
  imagePull: {
    title: 'Pods Not Starting (ImagePullBackOff)',
    lines: ({ namespace, pod = '<pod-name>', image = '<image>', pullSecret = 'regcred' }) => [
      '# Check image exists in registry',
      `docker pull ${word(image)}`,
      '',
      '# Verify image pull secret configured',
      `kubectl get secrets -n ${word(namespace)} | grep ${word(pullSecret)}`,
      '',
      '# Check pod events for details',
      `kubectl describe pod ${word(pod)} -n ${word(namespace)}`,
    ],
  },
  crash: {
    title: 'Pods Crashing (CrashLoopBackOff)',
    lines: ({ namespace, pod = '<pod-name>', cause }) => [
      '# Check pod logs for startup errors',
      `kubectl logs -n ${word(namespace)} ${word(pod)}`,
      '',
      '# Common issues:',
      ...marked(
        [
          'Missing environment variables',
          'Database connection failures',
          'Configuration errors',
          'Out of memory',
        ],
        cause,
      ),
      '',
      '# Check resource limits',
      `kubectl describe pod ${word(pod)} -n ${word(namespace)} | grep -A 5 "Limits"`,
    ],
  },
  stuck: {
    title: 'Rollout Stuck (Progressing Deadline Exceeded)',
    lines: ({ namespace, deployment, before, cause }) => [
      '# Check rollout status',
      `kubectl rollout status deployment/${word(deployment)} -n ${word(namespace)}`,
      '',
      '# View events',
      `kubectl get events -n ${word(namespace)} --sort-by='.lastTimestamp'`,
      '',
      '# Common causes:',
      ...marked(
        ['Readiness probe failing', 'Resource quota exceeded', 'Insufficient cluster capacity'],
        cause,
      ),
      '',
      '# Rollback if stuck',
      // A bare undo goes forward again when it is run after a rollback: the revision says which one is meant.
      before === undefined
        ? `kubectl rollout history deployment/${word(deployment)} -n ${word(namespace)}`
        : `kubectl rollout undo deployment/${word(deployment)} --to-revision=${word(before)} -n ${word(namespace)}`,
    ],
  },
}

/** A section's heading and the end of a link to it, as GitHub makes it from the heading. */
export function sectionOf(name: SectionName): { title: string; anchor: string } {
  const { title } = sections[name]
  const anchor = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
  return { title, anchor }
}

/** A section's lines, to be read and pasted. */
export function adviceOf(name: SectionName, names: Names): string[] {
  return [...sections[name].lines(names)]
}

function marked(causes: readonly CommonCause[], found: CommonCause | undefined): string[] {
  return causes.map((cause) => `# - ${cause}${cause === found ? '  ← this one' : ''}`)
}

/** Whatever somebody wrote as an image's name: pasted into a shell it is one word and does nothing else. */
function word(text: string): string {
  const line = text.replace(/\s+/gu, ' ')
  return /^[\w./:@=+-]+$|^<[a-z-]+>$/u.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`
}
