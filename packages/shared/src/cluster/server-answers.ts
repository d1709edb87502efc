import * as z from 'zod'

/** Any object: it is the API server's, and taken at its word. Deleting answers with a Status, which is one, too. */
export const objectSchema = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value,
)

/** One page of a list. */
export const pageSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
})

export type Page = z.infer<typeof pageSchema>

export const versionSchema = z.object({ major: z.string(), minor: z.string(), gitVersion: z.string() })

export type ServerVersion = z.infer<typeof versionSchema>

export const accessReviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) })
