// A namespace with a small service, and the actions as processes of their own against it.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { parse } from 'yaml'
import * as z from 'zod'

const root = join(import.meta.dirname, '../..')
const actions = ['preflight', 'rollout', 'validate', 'rollback'] as const

/** Healthy at once, and gone at once when asked to end; v1.2.0 never gets ready, v1.3.0 crashes. */
const program = `
if (process.env.VERSION === 'v1.3.0') throw new Error('no such table')
const server = require('node:http').createServer((request, response) => {
  response.writeHead(process.env.VERSION === 'v1.2.0' ? 503 : 200).end('requests_total 1\\n')
})
server.listen(8000, process.env.POD_IP)
process.on('SIGTERM', () => process.exit(0))
console.log('started')
`

const kubeconfigSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.string() }) }),
  ]),
})

/** How an action ended, and what it left for the next step. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
}

/** An action that has been started. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when the log says it; rejects where the process ends before. */
  says(text: string): Promise<void>
}

/** Where the actions of one test file play. */
export class ActionStage {
  readonly namespace: string
  readonly folder: string
  readonly server: string
  readonly authority: string
  readonly #kubectl: string
  readonly #kubeconfig: string
  readonly #images: string

  private constructor(place: {
    namespace: string
    folder: string
    server: string
    authority: string
    kubectl: string
    kubeconfig: string
    images: string
  }) {
    this.namespace = place.namespace
    this.folder = place.folder
    this.server = place.server
    this.authority = place.authority
    this.#kubectl = place.kubectl
    this.#kubeconfig = place.kubeconfig
    this.#images = place.images
  }

  /** Makes the namespace with the documented Roles, and images of the versions. */
  static async open(name: string, env: NodeJS.ProcessEnv): Promise<ActionStage> {
    const given = z
      .object({
        REHEARSAL_KUBECONFIG: z.string(),
        REHEARSAL_KUBECTL: z.string(),
        REHEARSAL_IMAGES: z.string(),
      })
      .parse(env)
    const config = kubeconfigSchema.parse(parse(await readFile(given.REHEARSAL_KUBECONFIG, 'utf8')))
    const { server, 'certificate-authority-data': authority } = config.clusters[0].cluster
    const stage = new ActionStage({
      namespace: `${name}-${randomBytes(3).toString('hex')}`,
      folder: await mkdtemp(join(tmpdir(), `${name}-`)),
      server,
      authority: Buffer.from(authority, 'base64').toString(),
      kubectl: given.REHEARSAL_KUBECTL,
      kubeconfig: given.REHEARSAL_KUBECONFIG,
      images: given.REHEARSAL_IMAGES,
    })
    await Promise.all([stage.#writeImages(), stage.#bundle()])
    await stage.admin(['create', 'namespace', stage.namespace])
    await stage.admin(['apply', '-f', join(root, 'rbac')])
    return stage
  }

  async close(): Promise<void> {
    await this.admin(['delete', 'namespace', this.namespace, '--wait=false'])
    await rm(this.folder, { recursive: true })
    await rm(join(this.#images, this.namespace), { recursive: true })
  }

  /** kubectl as the administrator, in the namespace. */
  async admin(args: readonly string[], input = ''): Promise<string> {
    const env = { PATH: process.env.PATH ?? '', HOME: this.folder, KUBECONFIG: this.#kubeconfig }
    const running = promisify(execFile)(this.#kubectl, ['-n', this.namespace, ...args], {
      env,
      maxBuffer: 64 << 20,
    })
    running.child.stdin?.end(input)
    return (await running).stdout.trim()
  }

  /** Puts v1.0.0 of these Deployments there, each with a ConfigMap of its own, and waits until they serve. */
  async deploy(...names: readonly string[]): Promise<void> {
    const manifests = names.flatMap((name) => [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `${name}-settings` },
        data: { LEVEL: 'info' },
      },
      this.#deployment(name),
    ])
    await this.admin(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
    )
    for (const name of names) await this.admin(['rollout', 'status', `deployment/${name}`, '--timeout=90s'])
  }

  /** A kubeconfig of one of the namespace's accounts; for the API server, or for a relay before it. */
  async kubeconfig(account: string, through?: (user: object) => string): Promise<string> {
    const user = { token: await this.admin(['create', 'token', account, '--duration=1h']) }
    if (through !== undefined) return through({ ...user })
    const authority = Buffer.from(this.authority).toString('base64')
    return JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: this.server, 'certificate-authority-data': authority } }],
      users: [{ name: account, user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: account } }],
      'current-context': 'x',
    })
  }

  /** Scales Deployments to zero, and waits until their pods are gone. */
  async putToSleep(...names: readonly string[]): Promise<void> {
    await this.admin(['scale', ...names.map((name) => `deployment/${name}`), '--replicas=0'])
    const pods = ['-l', `app in (${names.join(', ')})`]
    await this.admin(['wait', '--for=delete', 'pod', ...pods, '--timeout=60s'])
  }

  /**
   * The runbook file of a pipeline that is one Deployment. Returns its path.
   *
   * @param wake replicas that it is held at for its validation where it is scaled to zero
   */
  async runbook(pipeline: string, deployment: string, wake = 0): Promise<string> {
    const file = join(this.folder, `${pipeline}.yaml`)
    const runbook = {
      version: 1,
      pipeline,
      environments: { production: { namespace: this.namespace } },
      window: { hours: 'Mon-Sun 00:00-24:00', avoid: [] },
      rollout: { settle: '0s', restarts: 1 },
      // No forge and no metrics here: what is asked is what an account's Role can answer.
      gates: { incidents: { mode: 'off' } },
      rollback: { triggers: [] },
      watch: {
        every: '1s',
        critical: { for: '1s', gates: ['restarts'] },
        important: { for: '1s', gates: ['restarts'] },
      },
      components: [{ deployment, wake, metrics: { expect: ['requests_total'] } }],
      config: { 'config-map': `${deployment}-settings`, 'verify-env': ['LEVEL'] },
    }
    await writeFile(file, JSON.stringify(runbook))
    return file
  }

  /** Starts an action as a step of run 77 would. */
  async start(action: string, kubeconfig: string, flags: readonly string[]): Promise<Running> {
    const place = await mkdtemp(join(this.folder, `${action}-`))
    const [outputs, summary] = [join(place, 'outputs'), join(place, 'summary.md')]
    await Promise.all([outputs, summary].map((file) => writeFile(file, '')))
    const child = spawn(process.execPath, [join(this.folder, `${action}.mjs`), ...flags], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.folder,
        KUBECONFIG_CONTENT: kubeconfig,
        GITHUB_ACTIONS: 'true',
        GITHUB_OUTPUT: outputs,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_RUN_ID: '77',
        GITHUB_RUN_ATTEMPT: '1',
        GITHUB_ACTOR: 'rosa',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let log = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
        child.emit('said')
      })
    }
    const ended = once(child, 'close').then(async ([code]: (number | null)[]) => {
      child.emit('said')
      return {
        code: code ?? null,
        log,
        outputs: outputsIn(await readFile(outputs, 'utf8')),
        summary: await readFile(summary, 'utf8'),
      }
    })
    const says = async (text: string): Promise<void> => {
      while (!log.includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`never said ${text}:\n${log}`)
        await once(child, 'said')
      }
    }
    return { child, ended, says }
  }

  /** Runs an action to its end. */
  async run(action: string, kubeconfig: string, flags: readonly string[]): Promise<Ended> {
    return (await this.start(action, kubeconfig, flags)).ended
  }

  /** One file an action: a process starts in a fraction of the time that its sources take. */
  async #bundle(): Promise<void> {
    const require = "import{createRequire}from'node:module';const require=createRequire(import.meta.url)"
    await build({
      entryPoints: actions.map((action) => ({
        in: join(root, 'actions', action, 'src/index.ts'),
        out: action,
      })),
      outdir: this.folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      banner: { js: require },
      logLevel: 'error',
    })
  }

  async #writeImages(): Promise<void> {
    for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0']) {
      const folder = join(this.#images, this.namespace, version)
      await mkdir(folder, { recursive: true })
      const image = {
        Entrypoint: [process.execPath, 'server.js'],
        Env: [`VERSION=${version}`],
        WorkingDir: '',
      }
      await writeFile(join(folder, 'image.json'), JSON.stringify(image))
      await writeFile(join(folder, 'server.js'), program)
    }
  }

  #deployment(name: string): object {
    const labels = { app: name }
    const container = {
      name,
      image: `registry.local/${this.namespace}:v1.0.0`,
      env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      envFrom: [{ configMapRef: { name: `${name}-settings` } }],
      readinessProbe: { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1 },
    }
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [container], terminationGracePeriodSeconds: 1 },
        },
      },
    }
  }
}

/** The last value of each name in a file behind GITHUB_OUTPUT. */
function outputsIn(text: string): Record<string, string> {
  const found = text.matchAll(/^(?<name>[\w-]+)<<(?<end>\S+)\n(?<value>[\s\S]*?)\n\k<end>$/gm)
  return Object.fromEntries([...found].map(({ groups }) => [groups?.name ?? '', groups?.value ?? '']))
}
