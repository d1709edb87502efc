import { execFile } from 'node:child_process'
import { rename, writeFile } from 'node:fs/promises'
import { setTimeout as timer } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { ClusterControls, RehearsalCluster, ServiceAccountRef } from '../kubernetes/cluster.ts'
import type { RehearsalEnvironment } from './environment.ts'

const run = promisify(execFile)
const credentialSchema = z.object({ status: z.object({ token: z.string() }) })

/** The part of a kubeconfig that says how a user logs in. */
export type Login = Readonly<Record<string, unknown>>

/** One of the suite's accounts in an environment. */
export async function accountIn(
  cluster: RehearsalCluster,
  name: string,
  { namespace }: RehearsalEnvironment,
): Promise<ServiceAccountRef> {
  const command = ['get', 'serviceaccount', name, '-n', namespace, '-o', 'jsonpath={.metadata.uid}']
  return { namespace, name, uid: await cluster.kubectlRun(command) }
}

/**
 * A login by a credential plugin, as the kubeconfigs of EKS, GKE and AKS have it. Each time that it runs, it adds the id of
 * the process that asked to `runs`.
 */
export function pluginLogin(
  controls: ClusterControls,
  account: ServiceAccountRef,
  { seconds, runs }: { seconds: number; runs: string },
): Login {
  const { command, args } = controls.tokenCommand(account, seconds)
  const noting = `echo $PPID >> '${runs}' && exec "$0" "$@"`
  return {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
      command: 'sh',
      args: ['-c', noting, command, ...args],
    },
  }
}

/** A login by a token in a file that somebody keeps fresh, as a runner within a cluster has it. */
export class TokenFile {
  readonly login: Login
  readonly #stop = new AbortController()
  readonly #renewing: Promise<void>

  private constructor(file: string, renew: () => Promise<void>, everyMs: number) {
    this.login = { tokenFile: file }
    this.#renewing = this.#renewUntilStopped(renew, everyMs)
    // It is stop() that tells of it.
    this.#renewing.catch(() => undefined)
  }

  /** Writes the first token, and then a new one at each half of its life. */
  static async keep(
    controls: ClusterControls,
    account: ServiceAccountRef,
    { seconds, file }: { seconds: number; file: string },
  ): Promise<TokenFile> {
    const { command, args } = controls.tokenCommand(account, seconds)
    const renew = async (): Promise<void> => {
      const { stdout } = await run(command, args)
      await writeFile(`${file}.new`, credentialSchema.parse(JSON.parse(stdout)).status.token, { mode: 0o600 })
      await rename(`${file}.new`, file)
    }
    await renew()
    return new TokenFile(file, renew, seconds * 500)
  }

  /** Renews it no more. Rejects where it could not be renewed on the way. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#renewing
  }

  async #renewUntilStopped(renew: () => Promise<void>, everyMs: number): Promise<void> {
    const { signal } = this.#stop
    const isOver = (): boolean => signal.aborted
    while (!isOver()) {
      await timer(everyMs, undefined, { signal }).catch(() => undefined)
      if (!isOver()) await renew()
    }
  }
}
