import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { connect, type KubernetesApi } from '../cluster/api.ts'
import { ConfigMapRecordStore } from '../cluster/config-map-record-store.ts'
import { loadKubeconfig } from '../cluster/kubeconfig.ts'
import { KubernetesCluster } from '../cluster/kubernetes-cluster.ts'
import { UserError } from '../errors.ts'
import { environmentOf } from '../runbook/environments.ts'
import { loadRunbook } from '../runbook/load.ts'
import type { Runbook } from '../runbook/schema.ts'
import { bool, secret } from './input-types.ts'
import type { ActionContext } from './run.ts'

/** The name under which the API server records what we write. */
const fieldManager = 'runbook-actions'

/** The inputs by which every action finds its runbook and its cluster. */
export const clusterInputs = {
  runbook: z.string().default('runbook.yaml').describe('Path of the runbook file.'),
  environment: z.string().default('production').describe('An environment of the runbook file.'),
  kubeconfig: secret(z.string(), { env: 'KUBECONFIG_CONTENT' })
    .optional()
    .describe(
      'Content of a kubeconfig. Default: what kubectl would use (KUBECONFIG, ~/.kube/config, the pod’s own account).',
    ),
  context: z.string().optional().describe('Context of the kubeconfig, if not its current one.'),
  'dry-run': bool.default(false).describe('Let the API server check every write and store none.'),
}

type ClusterInputs = z.output<z.ZodObject<typeof clusterInputs>>
type Context = Pick<ActionContext<unknown, never>, 'log' | 'clock' | 'variables'>

/**
 * Reads the runbook file.
 *
 * @throws UserError where it is missing, and with all its mistakes at once
 */
export function readRunbook(path: string): Runbook {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UserError(
      `There is no runbook file at ${path}.`,
      'Check the repository out in a step before this one, or name the file by the input "runbook".',
      { cause },
    )
  }
  return loadRunbook(text, { file: path })
}

/** An environment's cluster and the record that lives in it. */
export interface EnvironmentConnection {
  readonly cluster: KubernetesCluster
  readonly store: ConfigMapRecordStore
  readonly close: () => Promise<void>
}

/** Connects to the cluster of the environment that the inputs name. The first call opens the first connection. */
export function connectEnvironment(
  runbook: Runbook,
  inputs: ClusterInputs,
  { log, clock, variables }: Context,
): EnvironmentConnection {
  const { environment } = inputs
  const { namespace } = environmentOf(runbook, environment)
  const credentials = loadKubeconfig({
    content: inputs.kubeconfig,
    context: inputs.context,
    env: variables,
    clock,
  })
  const api: KubernetesApi = connect(credentials, {
    dryRun: inputs['dry-run'],
    fieldManager,
    userAgent: fieldManager,
    log,
    clock,
    env: variables,
  })
  return {
    cluster: new KubernetesCluster(api, namespace),
    store: new ConfigMapRecordStore(api, { namespace, pipeline: runbook.pipeline, environment }),
    close: () => api.close(),
  }
}
