import { readFile } from 'node:fs/promises'
import { connect } from '../../packages/shared/src/cluster/api.ts'
import { loadKubeconfig } from '../../packages/shared/src/cluster/kubeconfig.ts'
import { deployments } from '../../packages/shared/src/cluster/resources.ts'
import { silent } from '../../packages/shared/src/ports.ts'
import { KubernetesCluster } from '../../packages/shared/src/cluster/kubernetes-cluster.ts'
import { imagePath, managersOf } from '../../packages/shared/src/cluster/field-managers.ts'
import { production } from '../world/environment.ts'
import type { World } from '../world/world.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

const deployment = 'download-worker'
const manager = 'argocd-controller'

/** Somebody has given a Deployment to Argo CD, whose self-heal would undo what the suite rolls out. */
export const argoOwned: Scenario = {
  name: 'argo-owned',
  title: 'Argo CD manages a Deployment: blocked in preflight with its name, production untouched',
  async play(stage) {
    const { world, checks } = stage
    const { [deployment]: runs } = await look(world, production)
    await applyAsArgoCd(world, {
      metadata: {
        annotations: {
          'argocd.argoproj.io/tracking-id': `pipeline:apps/Deployment:${production.namespace}/${deployment}`,
        },
      },
      spec: {
        template: {
          spec: { containers: [{ name: deployment, image: runs?.image }] },
        },
      },
    })
    // Only now: of a Deployment an annotation counts as a new generation.
    const before = await look(world, production)
    try {
      await checks.that('the API server says that Argo CD owns the image', () => ownsImage(world, true))
      const deployed = await stage.deploy({ version: 'v1.1.0' })
      await checkRed(
        stage,
        deployed,
        /ownership is fail: download-worker is managed by the Argo CD Application "pipeline"/,
      )
      await checkSkipped(stage, deployed, ['Approval', 'Production'])
      await checkUntouched(stage, before)
      await checkInvariants(stage, deployed)
    } finally {
      // What a manager no longer applies, and nobody else owns, the API server removes.
      await applyAsArgoCd(world, {})
    }
    await checks.that('Argo CD has let it go', () => ownsImage(world, false))
  },
}

/**
 * By server-side apply as Argo CD does it. Not by kubectl: that hands everything which was ever applied by kubectl to the
 * new manager, and so could not be undone by applying nothing.
 */
async function applyAsArgoCd({ cluster }: World, fields: object): Promise<void> {
  const credentials = loadKubeconfig({ content: await readFile(cluster.kubeconfig, 'utf8'), env: {} })
  const api = connect(credentials, { fieldManager: manager, userAgent: manager, log: silent, env: {} })
  try {
    await api.apply(deployments, production.namespace, deployment, fields, { force: true })
  } finally {
    await api.close()
  }
}

async function ownsImage({ api }: World, wanted: boolean): Promise<{ ok: boolean; found: string }> {
  const cluster = new KubernetesCluster(api, production.namespace)
  const states = await cluster.components([deployment], AbortSignal.timeout(30_000))
  const found = states.get(deployment)?.deployment
  const managers = managersOf(found ?? {}, imagePath(deployment)).map((entry) => entry.manager)
  return { ok: managers.includes(manager) === wanted, found: managers.join(', ') }
}
