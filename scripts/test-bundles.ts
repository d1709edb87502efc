// Builds every bundle twice and compares, then runs each: a bundle that was built is not yet one that starts.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actionNames, buildActions } from './build.ts'

const root = join(import.meta.dirname, '..')
const problems: string[] = []

/** The bytes of all bundles as one hash. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const name of actionNames()) {
    const folder = join(root, 'actions', name, 'dist')
    for (const file of readdirSync(folder).sort())
      hash.update(`${name}/${file}\n`).update(readFileSync(join(folder, file)))
  }
  return hash.digest('hex')
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs a bundle from another folder, with nothing of ours around it. */
function run(
  name: string,
  args: readonly string[],
  environment: Record<string, string>,
  cwd: string,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const bundle = join(root, 'actions', name, 'dist/index.js')
    const child = spawn(process.execPath, [bundle, ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? '', HOME: cwd, ...environment },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', reject)
    child.once('exit', (code) => {
      resolve({ code, output })
    })
  })
}

async function tryBundle(name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'runbook-bundle-'))
  try {
    const help = await run(name, ['--help'], {}, folder)
    if (help.code !== 0 || !help.output.includes(`${name}:`))
      problems.push(`${name} --help: ${String(help.code)} ${help.output}`)

    // As the runner starts it, with nothing given: red, with the safe output and a reason.
    const outputs = join(folder, 'outputs')
    await writeFile(outputs, '')
    const environment = {
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: outputs,
      INPUT_RECORD: 'no record',
      INPUT_MODE: 'check',
    }
    const bare = await run(name, [], environment, folder)
    const written = await readFile(outputs, 'utf8')
    if (bare.code !== 1 || !bare.output.includes('::error') || !/^outcome<<.*\nfailed$/m.test(written)) {
      problems.push(`${name} without inputs: ${String(bare.code)} ${bare.output}\noutputs: ${written}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The calendars are a file of their own: a plan must find it beside index.js, from whatever folder it is started. */
async function tryCalendar(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'runbook-bundle-'))
  try {
    const runbook = join(folder, 'runbook.yaml')
    await writeFile(
      runbook,
      'version: 1\npipeline: p\nenvironments: { production: { namespace: p } }\ncomponents: [{ deployment: d }]\nwindow: { holidays: DE-BR }\n',
    )
    // Nothing listens there, and nothing is asked before the calendar.
    const kubeconfig = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'c', user: { token: 'none' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    })
    const args = ['--mode', 'plan', '--version', 'v1.1.0', '--runbook', runbook]
    const { code, output } = await run('preflight', args, { KUBECONFIG_CONTENT: kubeconfig }, folder)
    if (code !== 1 || !output.includes('did you mean "DE-BB"?'))
      problems.push(`preflight with an unknown region: ${String(code)} ${output}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await buildActions()
const first = fingerprint()
await buildActions()
if (fingerprint() !== first) problems.push('Two builds of the same sources differ.')
for (const name of actionNames()) await tryBundle(name)
await tryCalendar()
for (const problem of problems) console.error(`✘ ${problem}`)
console.log(
  `${actionNames().length} bundles, built twice and run: ${problems.length === 0 ? 'all well' : `${problems.length} problems`}`,
)
process.exitCode = problems.length === 0 ? 0 : 1
