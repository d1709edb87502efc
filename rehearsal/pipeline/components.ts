/** The services of the example pipeline, in the order in which messages pass through them. */
export const components = ['event-ingester', 'download-worker', 'result-processor'] as const

export type Component = (typeof components)[number]
