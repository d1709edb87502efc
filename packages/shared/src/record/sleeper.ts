import * as z from 'zod'

/** How a component gets pods for its validation where it is scaled to zero. */
export const wakeSchema = z.strictObject({
  /** Replicas that it is held at meanwhile. */
  replicas: z.number().int().positive(),
  /** KEDA's object, which is paused meanwhile: it would scale down at once. Absent where nothing scales the component. */
  scaledObject: z.string().optional(),
})

export type Wake = z.infer<typeof wakeSchema>

/** A component that is woken where it is scaled to zero. */
export interface Sleeper extends Wake {
  readonly deployment: string
}

/** The components of a plan that are woken where they sleep, in the plan's order. */
export function sleepersOf(
  plan: readonly { readonly deployment: string; readonly wake?: Wake | undefined }[],
): Sleeper[] {
  return plan.flatMap(({ deployment, wake }) => (wake === undefined ? [] : [{ deployment, ...wake }]))
}
