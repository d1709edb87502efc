import type { KubernetesApi } from '../../packages/shared/src/cluster/api.ts'
import { Collection } from '../../packages/shared/src/cluster/collection.ts'
import { isReady } from '../../packages/shared/src/cluster/component.ts'
import { deployments, pods } from '../../packages/shared/src/cluster/resources.ts'

/** When a Deployment went to another version, as somebody sees it who only watches; by `performance.now()`. */
export interface Turnover {
  readonly writtenAt: number
  readonly readyAt: number
  /** When the last pod of another version was gone. */
  readonly goneAt: number
}

/** Watches one Deployment's namespace from the outside: it asks nobody who rolls what. */
export class TurnoverWatch {
  readonly #deployments: Collection<NonNullable<(typeof deployments)['type']>>
  readonly #pods: Collection<NonNullable<(typeof pods)['type']>>
  readonly #watching = new AbortController()

  private constructor(api: KubernetesApi, namespace: string) {
    this.#deployments = new Collection(api, deployments, namespace)
    this.#pods = new Collection(api, pods, namespace)
  }

  static async open(api: KubernetesApi, namespace: string): Promise<TurnoverWatch> {
    const watch = new TurnoverWatch(api, namespace)
    const { signal } = watch.#watching
    await Promise.all([watch.#deployments, watch.#pods].map((each) => each.start(signal).synced))
    return watch
  }

  close(): void {
    this.#watching.abort()
  }

  /** Resolves when all `replicas` run an image that begins so, and no other pod is left. */
  async to(deployment: string, image: string, replicas: number): Promise<Turnover> {
    const written = this.#writtenTo(deployment, image)
    let readyAt: number | undefined
    for (;;) {
      const { revision } = this.#pods
      const all = this.#pods.items()
      const fresh = all.filter((pod) => pod.spec?.containers[0]?.image?.startsWith(image) === true)
      if (fresh.filter(isReady).length === replicas) readyAt ??= performance.now()
      if (readyAt !== undefined && fresh.length === all.length)
        return { writtenAt: await written, readyAt, goneAt: performance.now() }
      await this.#pods.next(undefined, revision)
    }
  }

  async #writtenTo(deployment: string, image: string): Promise<number> {
    for (;;) {
      const { revision } = this.#deployments
      const { containers = [] } = this.#deployments.get(deployment)?.spec?.template.spec ?? {}
      if (containers[0]?.image?.startsWith(image) === true) return performance.now()
      await this.#deployments.next(undefined, revision)
    }
  }
}
