import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { z } from 'zod'
import { messageOf } from '../../packages/shared/src/errors.ts'

const readySchema = z.object({
  kubeconfig: z.string(),
  kubectl: z.string(),
  server: z.string(),
  auditLog: z.string(),
})

/** A user of a namespace. */
export interface ServiceAccountRef {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** What can be done to a cluster that this process has started. */
export interface ClusterControls {
  /** Restarts the API server alone, and resolves when it serves again: etcd, certificates and pods stay. */
  restartApiServer(): Promise<void>
  /**
   * A command that prints an ExecCredential: the account's token that the API server accepts for so many seconds, and up
   * to ten more where it has just seen it.
   */
  tokenCommand(account: ServiceAccountRef, seconds: number): { command: string; args: string[] }
}

/** A running cluster. */
export interface RehearsalCluster extends Omit<z.infer<typeof readySchema>, 'auditLog'> {
  /** Not known of a cluster that somebody else started. */
  readonly auditLog: string | undefined
  /** Undefined for a cluster that somebody else started. */
  readonly controls: ClusterControls | undefined
  /** Runs kubectl as the cluster's administrator and returns its standard output. */
  kubectlRun(args: readonly string[], input?: string): Promise<string>
  stop(): Promise<void>
}

export interface ClusterOptions {
  readonly dir: string
  readonly images: string
  readonly log: (line: string) => void
}

/**
 * Clusters with different ranges of addresses run side by side: pods in 10.88/16 and Services in 10.96/16 are the first.
 * The second belongs to the cluster program's own end-to-end tests.
 */
const lastRange = 7
const reservedRange = 1

/** The cluster program's advice where another cluster has the range of addresses. */
const takenAdvice = 'choose another range'

/**
 * Boots a cluster in the first range of addresses that is free, and returns when it can be used; it ends with this
 * process, however that ends.
 */
export async function startCluster(
  binary: string,
  options: ClusterOptions,
  range = 0,
): Promise<RehearsalCluster> {
  try {
    return await startInRange(binary, options, range)
  } catch (error) {
    if (range >= lastRange || !messageOf(error).includes(takenAdvice)) throw error
    return startCluster(binary, options, range + 1 === reservedRange ? range + 2 : range + 1)
  }
}

async function startInRange(
  binary: string,
  { dir, images, log }: ClusterOptions,
  range: number,
): Promise<RehearsalCluster> {
  const args = [
    'up',
    '--dir',
    dir,
    '--images',
    images,
    '--parent-pid',
    String(process.pid),
    '--max-back-off',
    '10s',
    '--pod-cidr',
    `10.${88 + range}.0.0/16`,
    '--service-cidr',
    `10.${96 + range}.0.0/16`,
    // As managed clusters do. Who speaks HTTP/2 with this API server has to live with it.
    '--goaway-chance',
    '0.02',
  ]
  // A process group of its own: Ctrl-C at the terminal must not end it before the rehearsal has looked at it.
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const output: string[] = []
  const file = createWriteStream(`${dir}.log`)
  child.stderr.on('data', (chunk: Buffer) => {
    output.push(chunk.toString())
    file.write(chunk)
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    file.write(`${line}\n`)
    log(line.trim())
  })
  await untilLine({ child, lines, errors: output }, 'ready: KUBECONFIG=')
  const ready = readySchema.parse(JSON.parse(await readFile(join(dir, 'ready.json'), 'utf8')))
  return {
    ...ready,
    controls: {
      async restartApiServer() {
        const serves = untilLine({ child, lines, errors: output }, 'kube-apiserver is ready at')
        child.kill('SIGUSR1')
        await serves
      },
      tokenCommand: ({ namespace, name, uid }, seconds) => ({
        command: binary,
        args: [
          'token',
          ...['--dir', dir, '--namespace', namespace, '--service-account', name, '--uid', uid],
          ...['--duration', `${seconds}s`],
        ],
      }),
    },
    kubectlRun: (kubectlArgs, input) => runKubectl(ready, kubectlArgs, input),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

interface Output {
  readonly child: ChildProcess
  readonly lines: Interface
  readonly errors: readonly string[]
}

/** Resolves when the cluster program says it; rejects where it ends before. */
function untilLine({ child, lines, errors }: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const rest = (): void => {
      lines.off('line', seen)
      child.off('error', failed).off('close', ended)
    }
    const seen = (line: string): void => {
      if (!line.includes(text)) return
      rest()
      resolve()
    }
    const failed = (error: Error): void => {
      rest()
      reject(error)
    }
    const ended = (code: number | null): void => {
      failed(
        new Error(`The cluster ended with ${String(code)} before it was ready:\n${errors.join('').trim()}`),
      )
    }
    lines.on('line', seen)
    // Not at its exit: what it has said of the reason may still be on its way.
    child.once('error', failed).once('close', ended)
  })
}

/** Runs kubectl with nothing of this process's environment but the PATH, and returns its standard output. */
export function runKubectl(
  { kubectl: program, kubeconfig }: { kubectl: string; kubeconfig: string },
  args: readonly string[],
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', KUBECONFIG: kubeconfig }
    const child = execFile(program, [...args], { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`, { cause: error }))
    })
    // One that has ended without reading its input tells why by its status.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
