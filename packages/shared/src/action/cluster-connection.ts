import * as z from 'zod'
import { connect as connectApi, type KubernetesApi } from '../cluster/api.ts'
import { ConfigMapRecordStore } from '../cluster/config-map-record-store.ts'
import { loadKubeconfig } from '../cluster/kubeconfig.ts'
import { KubernetesJobs } from '../cluster/jobs/jobs.ts'
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
import { readRunbookFile } from './runbook-file.ts'

/** The name under which the API server records what we write. */
const fieldManager = 'runbook-actions'

/** The inputs by which every action reaches its cluster. */
export const loginInputs = {
  kubeconfig: secret(z.string(), { env: 'KUBECONFIG_CONTENT' })
    .optional()
    .describe(
      'Content of a kubeconfig. Default: what kubectl would use (KUBECONFIG, ~/.kube/config, the pod’s own account).',
    ),
  context: z.string().optional().describe('Context of the kubeconfig, if not its current one.'),
  'dry-run': bool.default(false).describe('Let the API server check every write and store none.'),
}

/** The inputs by which every action finds its runbook and its cluster. */
export const clusterInputs = {
  runbook: z.string().default('runbook.yaml').describe('Path of the runbook file.'),
  environment: z.string().default('production').describe('An environment of the runbook file.'),
  ...loginInputs,
}

type LoginInputs = z.output<z.ZodObject<typeof loginInputs>>
type ClusterInputs = z.output<z.ZodObject<typeof clusterInputs>>
type Context<I> = Pick<ActionContext<I, never>, 'inputs' | 'log' | 'clock' | 'variables' | 'redact' | 'run'>

/** Where an environment's record, lock and components are. */
export interface Place {
  readonly namespace: string
  readonly pipeline: string
  readonly environment: string
}

/** An environment as one run works in it. */
export interface Environment {
  readonly runbook: Runbook
  readonly run: Run
  readonly cluster: KubernetesCluster
  /** What this run may run in it. */
  readonly jobs: KubernetesJobs
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
  context: Context<ClusterInputs>,
  work: (environment: Environment) => Promise<T>,
): Promise<T> {
  const { runbook, text } = readRunbookFile(context.inputs.runbook)
  const { environment } = context.inputs
  const { namespace } = environmentOf(runbook, environment)
  const place = { namespace, pipeline: runbook.pipeline, environment }
  return inPlace(context, place, text, ({ lock, ...parts }) =>
    work({ runbook, ...parts, lock: (record, purpose) => lock(runbook, record, purpose) }),
  )
}

/** A place as one run works in it, before it is known by which runbook file. */
export interface ConnectedPlace extends Omit<Environment, 'runbook' | 'lock'> {
  readonly lock: (runbook: Runbook, record: DeploymentRecord, purpose?: LockPurpose) => Lock
}

/**
 * Works in a place of which nothing but its names is known: what else there is to know is recorded there.
 *
 * @param runbook the text of the runbook file that is recorded with each save; absent where the recorded one stays
 * @throws UserError where the kubeconfig cannot be used, and what `work` throws
 */
export async function inPlace<T>(
  context: Context<LoginInputs>,
  place: Place,
  runbook: string | undefined,
  work: (place: ConnectedPlace) => Promise<T>,
): Promise<T> {
  const run = runIdentity(context.run, context.clock, context.variables.USER)
  const { close, ...parts } = connect(place, runbook, run, context)
  try {
    return await work({ run, ...parts })
  } finally {
    await close()
  }
}

function connect(
  place: Place,
  recorded: string | undefined,
  run: Run,
  { inputs, log, clock, variables, redact }: Context<LoginInputs>,
) {
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
  return {
    cluster: new KubernetesCluster(api, place.namespace, redact),
    jobs: new KubernetesJobs(api, place.namespace, { ...place, run: run.id }, { redact, log }),
    store: new ConfigMapRecordStore(api, place, recorded),
    lock: ({ lock }: Runbook, record: DeploymentRecord, purpose?: LockPurpose): Lock =>
      new LeaseLock(api, {
        place,
        contender: contenderOf(record, run, purpose),
        limits: {
          leaseMs: lock.lease,
          handoverMs: isTerminalRun(run) ? 0 : lock.handover,
          yieldMs: lock.yield,
        },
        clock,
        log,
      }),
    close: (): Promise<void> => api.close(),
  }
}
