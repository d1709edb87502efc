import { spawn } from 'node:child_process'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { codeOf } from './error-code.ts'
import type { Cluster, ExecConfig } from './kubeconfig-file.ts'
import type { Environment } from './proxy.ts'

/** Cloud logins take a few seconds; one that waits for a browser or a password would wait for ever. */
const pluginTimeoutMs = 60_000
const stderrLimit = 2_000

const credentialSchema = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
})

export type ExecCredential = z.infer<typeof credentialSchema>['status']

/**
 * Runs a kubeconfig's credential plugin (`aws eks get-token`, `kubelogin`, …), by the protocol of
 * client.authentication.k8s.io: KUBERNETES_EXEC_INFO in, an ExecCredential on stdout.
 *
 * @throws UserError where it is missing, fails, takes too long or answers something else; with its stderr
 */
export async function runExecPlugin(
  plugin: ExecConfig,
  cluster: Cluster,
  env: Environment,
  signal?: AbortSignal,
): Promise<ExecCredential> {
  const { stdout, stderr, ending } = await run(
    plugin,
    { ...env, ...pluginEnvironment(plugin, cluster) },
    signal,
  )
  const said = stderr === '' ? '' : `: ${stderr.slice(-stderrLimit)}`
  const next = 'Run the same command on this machine, with the same environment, to see why.'
  if (ending !== 'success') {
    throw new UserError(
      `The credential plugin ${commandLine(plugin)} of the kubeconfig ${ending}${said}`,
      next,
    )
  }
  const parsed = credentialSchema.safeParse(parseJson(stdout))
  const status = parsed.data?.status
  // What it printed may be a credential: it is not repeated.
  if (status === undefined || (status.token === undefined && status.clientCertificateData === undefined)) {
    throw new UserError(`The credential plugin ${commandLine(plugin)} printed no ExecCredential${said}`, next)
  }
  return status
}

interface Run {
  stdout: string
  stderr: string
  /** `success`, or the end of a sentence about what went wrong. */
  ending: string
}

function run(plugin: ExecConfig, env: Environment, signal?: AbortSignal): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args ?? [], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: pluginTimeoutMs,
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    // What it started itself may go on holding its output.
    child.on('exit', () => {
      if (child.killed) child.stdout.destroy()
      if (child.killed) child.stderr.destroy()
    })
    child.on('error', (error) => {
      if (signal?.aborted === true) return reject(signal.reason as Error)
      const isMissing = codeOf(error) === 'ENOENT'
      const hint = plugin.installHint === undefined ? '' : ` (${plugin.installHint.trim()})`
      resolve({
        stdout,
        stderr,
        ending: isMissing ? `is not installed here${hint}` : `cannot be run: ${error.message}`,
      })
    })
    child.on('close', (code, killedBy) => {
      const timedOut = killedBy !== null && child.killed
      const failure = timedOut
        ? `did not end within ${pluginTimeoutMs / 1000} s`
        : `failed (${killedBy ?? `exit code ${code}`})`
      resolve({ stdout, stderr: stderr.trim(), ending: code === 0 ? 'success' : failure })
    })
  })
}

function pluginEnvironment(plugin: ExecConfig, cluster: Cluster): Record<string, string> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.provideClusterInfo === true && { cluster }) },
  }
  return {
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
    ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
  }
}

function commandLine(plugin: ExecConfig): string {
  return `"${[plugin.command, ...(plugin.args ?? [])].join(' ')}"`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
