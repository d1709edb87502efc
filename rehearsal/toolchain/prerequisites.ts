import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UserError } from '../../packages/shared/src/errors.ts'

const run = promisify(execFile)

interface Prerequisite {
  readonly program: string
  readonly args: readonly string[]
  readonly what: string
  /** The least version, as [major, minor]; none where any will do. */
  readonly least?: readonly [number, number]
}

const prerequisites: readonly Prerequisite[] = [
  { program: 'git', args: ['--version'], what: 'git' },
  {
    program: 'go',
    args: ['version'],
    what: 'Go 1.26 or newer (builds the cluster and the workflow runner)',
    least: [1, 26],
  },
  { program: 'java', args: ['-version'], what: 'Java 17 or newer (runs Kafka)', least: [17, 0] },
  { program: 'mvn', args: ['--version'], what: 'Maven 3 (fetches Kafka)' },
  { program: 'ip', args: ['-V'], what: 'iproute2 (routes the pods’ addresses)' },
  { program: 'setpriv', args: ['--version'], what: 'util-linux (ties processes to the rehearsal)' },
]

const whyRoot = 'its cluster makes mounts, namespaces and a route on this machine'
/** sudo has a PATH of its own, on which Go and Java often are not. */
const asRoot = 'Run it as root, for example: sudo env "PATH=$PATH" npm run rehearse'

/**
 * Checks that this machine can run the rehearsal.
 *
 * @throws UserError that names everything that is missing
 */
export async function requirePrerequisites(): Promise<void> {
  const missing = [
    ...(process.platform === 'linux' ? [] : ['Linux (the cluster runs containers as local processes)']),
    ...(await Promise.all(prerequisites.map(lack))).filter((entry) => entry !== undefined),
  ]
  const isRoot = process.getuid?.() === 0
  if (missing.length > 0) {
    const lines = isRoot ? missing : [...missing, `root: ${whyRoot}`]
    throw new UserError(
      `The rehearsal needs:\n${lines.map((line) => `  - ${line}`).join('\n')}`,
      isRoot ? 'Install them and run it again.' : `Install them. ${asRoot}`,
    )
  }
  if (!isRoot) throw new UserError(`The rehearsal needs root: ${whyRoot}.`, asRoot)
}

async function lack({ program, args, what, least }: Prerequisite): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(program, [...args])
    const found = /(\d+)(?:\.(\d+))?/.exec(`${stdout}${stderr}`)
    if (least === undefined || found === null) return undefined
    const [major, minor] = [Number(found[1]), Number(found[2] ?? 0)]
    const isOld = major < least[0] || (major === least[0] && minor < least[1])
    return isOld ? `${what}; this is ${major}.${minor}` : undefined
  } catch {
    return what
  }
}
