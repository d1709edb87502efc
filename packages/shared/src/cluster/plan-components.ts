import { UserError } from '../errors.ts'
import type { PlannedComponent } from '../record/schema.ts'
import { describeAutoscaler } from './autoscaler.ts'
import { containerOf, containersOf, nameOf, type ComponentState, type Deployment } from './component.ts'
import { formatImage, parseImage } from './image.ts'
import { describeStrategy, rollingStrategy } from './strategy.ts'
import { decideWake } from './wake/decide-wake.ts'
import { ownReplicas } from './wake/own-replicas.ts'

/** What the runbook file says of a component's image. */
export interface ComponentImage {
  readonly deployment: string
  /** By default named like the Deployment. */
  readonly container: string
  /** Registry and name without tag; what the pods run now is taken where it is absent. */
  readonly image?: string | undefined
  /** File that is applied, instead of only setting the image. */
  readonly manifest?: string | undefined
  /** Replicas to hold for the validation where it is scaled to zero. */
  readonly wake?: number
}

export interface PlanOptions {
  /** The tag that images have by default. */
  readonly version: string
  /** By Deployment: `v1.2.3`, `sha256:…` or a whole reference, instead of the version's tag. */
  readonly overrides?: ReadonlyMap<string, string>
  /** By Deployment: the digest that must run, whatever the tag says by now. */
  readonly digests?: ReadonlyMap<string, string>
}

/**
 * What each component runs now and will run, in the runbook's order.
 *
 * @throws UserError naming the component whose container or image cannot be told, or that cannot be woken
 */
export function planComponents(
  components: readonly ComponentImage[],
  states: ReadonlyMap<string, ComponentState>,
  options: PlanOptions,
): PlannedComponent[] {
  const unknown = [...(options.overrides?.keys() ?? [])].filter(
    (name) => !components.some((component) => component.deployment === name),
  )
  if (unknown.length > 0) {
    throw new UserError(
      `Images are given for ${unknown.join(', ')}, which the runbook file does not list as components.`,
      `Its components are: ${components.map((component) => component.deployment).join(', ')}.`,
    )
  }
  return components.flatMap((component) => {
    const state = states.get(component.deployment)
    return state === undefined ? [] : [planComponent(component, state, options)]
  })
}

function planComponent(
  component: ComponentImage,
  state: ComponentState,
  options: PlanOptions,
): PlannedComponent {
  const { deployment, autoscaler } = state
  const wake = decideWake(component.wake ?? 0, state)
  const replicas = ownReplicas(deployment)
  const container = chooseContainer(component, deployment)
  const from = containerOf(deployment, container)?.image ?? ''
  return {
    deployment: component.deployment,
    container,
    from,
    to: wantedImage(component, from, options),
    replicas,
    ...(autoscaler !== undefined && { autoscaler: describeAutoscaler(autoscaler) }),
    ...(component.manifest !== undefined && { manifest: component.manifest }),
    strategy:
      wake !== undefined && replicas === 0
        ? `scaled to zero: held at ${wake.replicas} for its validation`
        : describeStrategy(rollingStrategy(deployment)),
    ...(wake !== undefined && { wake }),
  }
}

function chooseContainer(
  { deployment: name, container: wanted }: ComponentImage,
  deployment: Deployment,
): string {
  const names = containersOf(deployment).map((container) => container.name)
  if (names.includes(wanted)) return wanted
  const [only] = names
  // Nobody named it, and there is no choice.
  if (wanted === name && names.length === 1 && only !== undefined) return only
  throw new UserError(
    `Deployment "${nameOf(deployment)}" has no container "${wanted}".`,
    `Its containers are: ${names.join(', ')}. Name one of them as "container" of the component in the runbook file.`,
  )
}

function wantedImage(component: ComponentImage, current: string, options: PlanOptions): string {
  const override = options.overrides?.get(component.deployment)
  const running = parseImage(current)
  const repository = component.image ?? running.repository
  const image =
    override === undefined
      ? { repository, tag: options.version, digest: undefined }
      : override.startsWith('sha256:')
        ? parseImage(`${repository}@${override}`)
        : /[/:@]/.test(override)
          ? parseImage(override)
          : parseImage(`${repository}:${override}`)
  const digest = options.digests?.get(component.deployment) ?? image.digest
  // The same tag, pinned already: the pin says which of its bits were shown to be good.
  const isSame = running.repository === image.repository && running.tag === image.tag
  return formatImage({ ...image, digest: digest ?? (isSame ? running.digest : undefined) })
}
