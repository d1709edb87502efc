import { spawn } from 'node:child_process'
import * as z from 'zod'
import { codeOf } from '../cluster/error-code.ts'
import type { RegistryCredentials } from './docker-config.ts'

/** Cloud logins take a few seconds; one that waits for a person would wait for ever. */
const helperTimeoutMs = 15_000

const answerSchema = z.object({ Username: z.string(), Secret: z.string() })

/**
 * Asks `docker-credential-<helper> get` for a registry's credentials, by the protocol of docker-credential-helpers: the
 * server on stdin, JSON on stdout. Undefined where it has none.
 *
 * @returns a sentence part where it cannot be run or answers something else; what it printed is never repeated
 */
export async function askHelper(
  helper: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<RegistryCredentials | string | undefined> {
  const program = `docker-credential-${helper}`
  const { stdout, ending } = await run(program, server, env, signal)
  // The protocol's way to say that there are none.
  if (ending !== 'success')
    return stdout.includes('credentials not found') ? undefined : `${program} ${ending}`
  const parsed = answerSchema.safeParse(json(stdout))
  if (!parsed.success) return `${program} printed no credentials`
  const { Username: username, Secret: password } = parsed.data
  if (password === '') return undefined
  return username === '<token>' ? { identityToken: password } : { username, password }
}

function run(
  program: string,
  input: string,
  env: Readonly<Record<string, string | undefined>>,
  lifetime: AbortSignal,
): Promise<{ stdout: string; ending: string }> {
  return new Promise((resolve, reject) => {
    const deadline = AbortSignal.timeout(helperTimeoutMs)
    const signal = AbortSignal.any([lifetime, deadline])
    const child = spawn(program, ['get'], {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    // It may end without reading.
    child.stdin.on('error', () => undefined).end(input)
    child.on('exit', () => {
      if (signal.aborted) child.stdout.destroy()
    })
    child.on('error', (error) => {
      if (lifetime.aborted) return reject(lifetime.reason as Error)
      if (deadline.aborted)
        return resolve({ stdout, ending: `did not end within ${helperTimeoutMs / 1000} s` })
      resolve({ stdout, ending: codeOf(error) === 'ENOENT' ? 'is not installed here' : 'cannot be run' })
    })
    child.on('close', (code) => resolve({ stdout, ending: code === 0 ? 'success' : 'failed' }))
  })
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
