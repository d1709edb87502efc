import { spawn } from 'node:child_process'
import * as z from 'zod'
import { UserError } from '../errors.ts'
import { codeOf } from './error-code.ts'
import type { ExecConfig } from './kubeconfig-file.ts'
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
 * client.authentication.k8s.io: KUBERNETES_EXEC_INFO in, which describes `cluster` where the plugin wants that, and
 * an ExecCredential on stdout.
 *
 * @throws UserError where it is missing, fails, takes too long or answers something else; with its stderr
 */
export async function runExecPlugin(
  plugin: ExecConfig,
  cluster: object,
  env: Environment,
  lifetime?: AbortSignal,
): Promise<ExecCredential> {
  const { stdout, stderr, ending } = await run(
    plugin,
    { ...env, ...pluginEnvironment(plugin, cluster) },
    lifetime,
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

function run(plugin: ExecConfig, env: Environment, lifetime: AbortSignal | undefined): Promise<Run> {
  return new Promise((resolve, reject) => {
    // Not spawn's own timeout: where the command is missing, its timer keeps the process alive.
    const deadline = AbortSignal.timeout(pluginTimeoutMs)
    const signal = lifetime === undefined ? deadline : AbortSignal.any([lifetime, deadline])
    const child = spawn(plugin.command, plugin.args ?? [], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    const end = (ending: string) => resolve({ stdout, stderr: stderr.trim(), ending })
    child.on('error', (error) => {
      if (lifetime?.aborted === true) return reject(lifetime.reason as Error)
      if (deadline.aborted) return end(`did not end within ${pluginTimeoutMs / 1000} s`)
      const hint = plugin.installHint === undefined ? '' : ` (${plugin.installHint.trim()})`
      end(codeOf(error) === 'ENOENT' ? `is not installed here${hint}` : `cannot be run: ${error.message}`)
    })
    child.on('exit', () => {
      // What it has started itself may go on holding its output.
      if (signal.aborted) child.stdout.destroy()
      if (signal.aborted) child.stderr.destroy()
    })
    child.on('close', (code, killedBy) =>
      end(code === 0 ? 'success' : `failed (${killedBy ?? `exit code ${code}`})`),
    )
  })
}

function pluginEnvironment(plugin: ExecConfig, cluster: object): Record<string, string> {
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
