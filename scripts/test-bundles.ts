// Builds every bundle twice and compares, then runs each: a bundle that was built is not yet one that starts.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordOf } from '../packages/shared/src/record/record.fixture.ts'
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

const runbookHead = 'version: 1\npipeline: p\nenvironments: { production: { namespace: p } }\n'

function kubeconfig(server: string, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'c', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
  })
}

/**
 * What is imported lazily is a file of its own, which has to be found beside index.js from whatever folder an action is
 * started: runs a plan that needs one, and sees by `isLoaded` what it did with it.
 */
async function tryLazyFile(
  what: string,
  runbook: string,
  args: readonly string[],
  environment: Record<string, string>,
  isLoaded: (output: string) => boolean,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'runbook-bundle-'))
  try {
    const file = join(folder, 'runbook.yaml')
    await writeFile(file, runbookHead + runbook)
    const given = ['--version', 'v1.1.0', '--runbook', file, ...args]
    const { code, output } = await run('preflight', given, environment, folder)
    if (code !== 1 || !isLoaded(output)) problems.push(`preflight, ${what}: ${String(code)} ${output}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function tryLazyFiles(): Promise<void> {
  const component = 'components: [{ deployment: d }]\n'
  const seen: (string | undefined)[] = []
  const github = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(403).end('{}')
  }).listen(0, '127.0.0.1')
  await once(github, 'listening')
  const asked: Buffer[] = []
  const broker = createTcpServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (request) => {
        asked.push(request)
        socket.end('this is no broker')
      })
  }).listen(0, '127.0.0.1')
  await once(broker, 'listening')
  try {
    await tryLazyFile(
      'the calendars',
      `${component}window: { holidays: DE-BR }\n`,
      ['--mode', 'plan'],
      // Nothing listens there, and nothing is asked before the calendar.
      { KUBECONFIG_CONTENT: kubeconfig('https://127.0.0.1:1', { token: 'none' }) },
      (output) => output.includes('did you mean "DE-BB"?'),
    )
    const expired = { name: 'azure', config: { 'access-token': 'a', 'expires-on': '1' } }
    await tryLazyFile(
      'the official client, for an old way of logging in',
      component,
      ['--mode', 'plan'],
      { KUBECONFIG_CONTENT: kubeconfig('https://127.0.0.1:1', { 'auth-provider': expired }) },
      (output) => output.includes('The auth-provider azure failed: Token is expired!'),
    )
    await tryLazyFile(
      "GitHub's client",
      component,
      ['--mode', 'plan'],
      {
        KUBECONFIG_CONTENT: kubeconfig('https://127.0.0.1:1', { token: 'none' }),
        GITHUB_TOKEN: 'of-github',
        GITHUB_REPOSITORY: 'acme/kafka-pipeline',
        GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
      },
      () => seen.includes('token of-github'),
    )
    await tryLazyFile(
      'a command of the team, whose supervisor is handed on as source',
      `${component}gates: { command: { own: { run: [bash, -c, "echo it ran; exit 3"] } } }\n`,
      ['--mode', 'check', '--record', JSON.stringify(recordOf())],
      { KUBECONFIG_CONTENT: kubeconfig('https://127.0.0.1:1', { token: 'none' }) },
      (output) => output.includes('Exit code 3: it ran'),
    )
    const { port } = broker.address() as AddressInfo
    await tryLazyFile(
      'the Kafka client',
      `components: [{ deployment: d, consumer-group: g }]\nkafka: { brokers: ["127.0.0.1:${port}"] }\n`,
      ['--mode', 'check', '--record', JSON.stringify(recordOf())],
      { KUBECONFIG_CONTENT: kubeconfig('https://127.0.0.1:1', { token: 'none' }) },
      // The first request asks which requests the broker serves (18).
      (output) => asked[0]?.readInt16BE(4) === 18 && output.includes('is not Kafka'),
    )
    await tryLazyFile(
      'the program of the Job that reads lag',
      'components: [{ deployment: d, consumer-group: g }]\nkafka: { source: job, brokers: ["kafka:9092"] }\n',
      ['--mode', 'check', '--record', JSON.stringify(recordOf())],
      { KUBECONFIG_CONTENT: kubeconfig('https://127.0.0.1:1', { token: 'none' }) },
      // It has its program, or it would not have come to ask the API server.
      (output) => output.includes('consumer-lag: unknown: Could not be measured: The API server'),
    )
  } finally {
    github.close()
    broker.close()
  }
}

await buildActions()
const first = fingerprint()
await buildActions()
if (fingerprint() !== first) problems.push('Two builds of the same sources differ.')
for (const name of actionNames()) await tryBundle(name)
await tryLazyFiles()
for (const problem of problems) console.error(`✘ ${problem}`)
console.log(
  `${actionNames().length} bundles, built twice and run: ${problems.length === 0 ? 'all well' : `${problems.length} problems`}`,
)
process.exitCode = problems.length === 0 ? 0 : 1
