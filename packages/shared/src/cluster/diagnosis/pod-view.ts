import * as z from 'zod'
import type { ObjectEvent } from '../object-event.ts'
import type { ContainerLog, PodEvidence } from './evidence.ts'

/**
 * A pod as a diagnosis looks at it. What a pod that does not come up says of itself may be incomplete in any way, and a
 * diagnosis must come nevertheless: what is missing or of another type is read as empty.
 */
const text = z.string().catch('')
const count = z.number().catch(0)
const waiting = z.object({ reason: text, message: text }).optional().catch(undefined)
const running = z.object({ startedAt: text }).optional().catch(undefined)
const terminated = z
  .object({ exitCode: z.number().optional().catch(undefined), reason: text, message: text })
  .optional()
  .catch(undefined)
const state = z.object({ waiting, running, terminated }).catch({})
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item.nullable().catch(null))
    .catch([])
    .transform((items) => items.filter((each) => each !== null))

const statusSchema = z.object({
  name: text,
  ready: z.boolean().catch(false),
  restartCount: count,
  state,
  lastState: state,
})
const conditionSchema = z.object({ type: text, status: text, reason: text, message: text })
const containerSchema = z.object({
  name: text,
  image: text,
  resources: z
    .object({ limits: z.object({ memory: text }).catch({ memory: '' }) })
    .catch({ limits: { memory: '' } }),
})
const podSchema = z.object({
  metadata: z.object({ name: text }).catch({ name: '' }),
  spec: z
    .object({
      containers: list(containerSchema),
      initContainers: list(containerSchema),
      imagePullSecrets: list(z.object({ name: text })),
    })
    .catch({ containers: [], initContainers: [], imagePullSecrets: [] }),
  status: z
    .object({
      conditions: list(conditionSchema),
      initContainerStatuses: list(statusSchema),
      containerStatuses: list(statusSchema),
    })
    .catch({ conditions: [], initContainerStatuses: [], containerStatuses: [] }),
})

export interface ContainerView {
  readonly pod: string
  readonly name: string
  /** As the pod's spec asks for it. */
  readonly image: string
  /** Empty where there is none. */
  readonly memoryLimit: string
  readonly isReady: boolean
  readonly restarts: number
  readonly waiting: z.infer<typeof waiting>
  readonly running: z.infer<typeof running>
  /** How its last run ended; absent while it runs for the first time. */
  readonly ended: z.infer<typeof terminated>
  readonly logs: readonly ContainerLog[]
}

export interface PodView {
  readonly name: string
  readonly pullSecrets: readonly string[]
  /** The scheduler's sentence, where no node takes the pod. */
  readonly unschedulable: string | undefined
  readonly containers: readonly ContainerView[]
  readonly events: readonly ObjectEvent[]
}

/** Never throws, whatever the pod looks like. */
export function podView({ pod, events, logs }: PodEvidence): PodView {
  const { metadata, spec, status } = podSchema.parse(pod)
  const specs = new Map([...spec.initContainers, ...spec.containers].map((each) => [each.name, each]))
  const scheduled = status.conditions.find(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable',
  )
  return {
    name: metadata.name,
    pullSecrets: spec.imagePullSecrets.map(({ name }) => name).filter((name) => name !== ''),
    unschedulable: scheduled?.status === 'False' ? scheduled.message : undefined,
    containers: [...status.initContainerStatuses.filter(isAtWork), ...status.containerStatuses].map(
      (each) => ({
        pod: metadata.name,
        name: each.name,
        image: specs.get(each.name)?.image ?? '',
        memoryLimit: specs.get(each.name)?.resources.limits.memory ?? '',
        isReady: each.ready,
        restarts: each.restartCount,
        waiting: each.state.waiting,
        running: each.state.running,
        ended: each.state.terminated ?? each.lastState.terminated,
        logs: logs.filter(({ container }) => container === each.name),
      }),
    ),
    events,
  }
}

/** An init container that has done its work is not in the way. */
function isAtWork({ state: { terminated: end } }: z.infer<typeof statusSchema>): boolean {
  return end?.exitCode !== 0
}
