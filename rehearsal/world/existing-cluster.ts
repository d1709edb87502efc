import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { messageOf, UserError } from '../../packages/shared/src/errors.ts'
import { runKubectl, type RehearsalCluster } from '../kubernetes/cluster.ts'
import { environments, rehearsalLabel } from './environment.ts'

/** A cluster that runs already, and the folder from which its nodes take their images. */
export interface ExistingCluster {
  readonly kubeconfig: string
  readonly images: string
}

const namespaceSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
})

/**
 * A cluster that somebody else started. Its namespaces of the pipeline must be free, or left over from a rehearsal that
 * was killed. `stop` removes these namespaces, and nothing else.
 *
 * @throws UserError where it cannot be used
 */
export async function useCluster({ kubeconfig, images }: ExistingCluster): Promise<RehearsalCluster> {
  for (const path of [kubeconfig, images]) await requireThere(path)
  const program = { kubectl: await findKubectl(), kubeconfig: resolve(kubeconfig) }
  const kubectlRun = (args: readonly string[], input?: string): Promise<string> =>
    runKubectl(program, args, input)
  const server = await kubectlRun([
    'config',
    'view',
    '--minify',
    '-o',
    'jsonpath={.clusters[0].cluster.server}',
  ])
  await kubectlRun(['get', 'namespaces', '-o', 'name']).catch((cause: unknown) => {
    throw new UserError(
      `The cluster at ${server} cannot be used: ${messageOf(cause)}`,
      'Give a kubeconfig whose user is an administrator of the cluster: namespaces and Roles are made.',
      { cause },
    )
  })
  const leftOver: string[] = []
  const taken: string[] = []
  for (const { namespace } of environments) {
    const text = await kubectlRun(['get', 'namespace', namespace, '--ignore-not-found', '-o', 'json'])
    if (text === '') continue
    const { labels } = namespaceSchema.parse(JSON.parse(text)).metadata
    if (rehearsalLabel in labels) leftOver.push(namespace)
    else taken.push(namespace)
  }
  if (taken.length > 0) {
    throw new UserError(
      `The cluster at ${server} has the namespace ${taken.join(' and ')} already, and no rehearsal made it.`,
      'Give a cluster where the namespaces of the example are free: a rehearsal fills and deletes them.',
    )
  }
  const remove = async (names: readonly string[]): Promise<void> => {
    await kubectlRun(['delete', 'namespace', ...names, '--ignore-not-found', '--wait', '--timeout=120s'])
  }
  if (leftOver.length > 0) await remove(leftOver)
  return {
    ...program,
    server,
    auditLog: undefined,
    controls: undefined,
    kubectlRun,
    stop: () => remove(environments.map(({ namespace }) => namespace)),
  }
}

async function requireThere(path: string): Promise<void> {
  await stat(path).catch((cause: unknown) => {
    throw new UserError(`There is no ${path}.`, 'Check the paths of --kubeconfig and --images.', { cause })
  })
}

async function findKubectl(): Promise<string> {
  try {
    return (await promisify(execFile)('sh', ['-c', 'command -v kubectl'])).stdout.trim()
  } catch (cause) {
    throw new UserError('There is no kubectl.', 'Install kubectl, or put it on the PATH.', { cause })
  }
}
