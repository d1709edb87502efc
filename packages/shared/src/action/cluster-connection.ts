import * as z from 'zod'
import { connect as connectApi, type KubernetesApi } from '../cluster/api.ts'
import { ConfigMapRecordStore } from '../cluster/config-map-record-store.ts'
import { loadKubeconfig } from '../cluster/kubeconfig.ts'
import { KubernetesCluster } from '../cluster/kubernetes-cluster.ts'
import { LeaseLock } from '../cluster/lease-lock.ts'
import type { Lock } from '../cluster/lock.ts'
import type { LockPurpose } from '../decide/lock.ts'
import { contenderOf } from '../record/contender.ts'
import type { DeploymentRecord, Run } from '../record/schema.ts'
import { environmentOf } from '../runbook/environments.ts'
import type { Runbook } from '../runbook/schema.ts'
import { bool, secret } from './input-types.ts'
import type { ActionContext } from './run.ts'
import { isTerminalRun, runIdentity } from './run-identity.ts'
import { readRunbook } from './runbook-file.ts'

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
type Context = Pick<
  ActionContext<ClusterInputs, never>,
  'inputs' | 'log' | 'clock' | 'variables' | 'redact' | 'run'
>

/** An environment as one run works in it. */
export interface Environment {
  readonly runbook: Runbook
  readonly run: Run
  readonly cluster: KubernetesCluster
  /** Where its record lives. */
  readonly store: ConfigMapRecordStore
  /** Its lock, as this run asks for it. In a terminal it is not kept for a next job: none follows. */
  readonly lock: (record: DeploymentRecord, purpose?: LockPurpose) => Lock
}

/**
 * Reads the runbook file and works in the cluster of the environment that the inputs name. The first call to the cluster
 * opens the first connection; the end of the work closes them.
 *
 * @throws UserError where the runbook file or the kubeconfig cannot be used, and what `work` throws
 */
export async function inEnvironment<T>(
  context: Context,
  work: (environment: Environment) => Promise<T>,
): Promise<T> {
  const runbook = readRunbook(context.inputs.runbook)
  const run = runIdentity(context.run, context.clock, context.variables.USER)
  const { close, ...parts } = connect(runbook, run, context)
  try {
    return await work({ runbook, run, ...parts })
  } finally {
    await close()
  }
}

function connect(runbook: Runbook, run: Run, { inputs, log, clock, variables, redact }: Context) {
  const { environment } = inputs
  const { namespace } = environmentOf(runbook, environment)
  const credentials = loadKubeconfig({
    content: inputs.kubeconfig,
    context: inputs.context,
    env: variables,
    clock,
  })
  const api: KubernetesApi = connectApi(credentials, {
    dryRun: inputs['dry-run'],
    fieldManager,
    userAgent: fieldManager,
    log,
    clock,
    env: variables,
  })
  const place = { namespace, pipeline: runbook.pipeline, environment }
  const { lease: leaseMs, handover, yield: yieldMs } = runbook.lock
  return {
    cluster: new KubernetesCluster(api, namespace, redact),
    store: new ConfigMapRecordStore(api, place),
    lock: (record: DeploymentRecord, purpose?: LockPurpose): Lock =>
      new LeaseLock(api, {
        place,
        contender: contenderOf(record, run, purpose),
        limits: { leaseMs, handoverMs: isTerminalRun(run) ? 0 : handover, yieldMs },
        clock,
        log,
      }),
    close: (): Promise<void> => api.close(),
  }
}
