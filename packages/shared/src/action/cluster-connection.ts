import * as z from 'zod'
import { connect, type KubernetesApi } from '../cluster/api.ts'
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
import { isTerminalRun } from './run-identity.ts'

export { readRunbook } from './runbook-file.ts'

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
type Context = Pick<ActionContext<unknown, never>, 'log' | 'clock' | 'variables' | 'redact'>

/** An environment's cluster and the record that lives in it. */
export interface EnvironmentConnection {
  readonly cluster: KubernetesCluster
  readonly store: ConfigMapRecordStore
  /** The environment's lock, as this run asks for it. In a terminal it is not kept for a next job: none follows. */
  readonly lock: (record: DeploymentRecord, run: Run, purpose?: LockPurpose) => Lock
  readonly close: () => Promise<void>
}

/** Connects to the cluster of the environment that the inputs name. The first call opens the first connection. */
export function connectEnvironment(
  runbook: Runbook,
  inputs: ClusterInputs,
  { log, clock, variables, redact }: Context,
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
  const place = { namespace, pipeline: runbook.pipeline, environment }
  const { lease: leaseMs, handover, yield: yieldMs } = runbook.lock
  return {
    cluster: new KubernetesCluster(api, namespace, redact),
    store: new ConfigMapRecordStore(api, place),
    lock: (record, run, purpose) =>
      new LeaseLock(api, {
        place,
        contender: contenderOf(record, run, purpose),
        limits: { leaseMs, handoverMs: isTerminalRun(run) ? 0 : handover, yieldMs },
        clock,
        log,
      }),
    close: () => api.close(),
  }
}
