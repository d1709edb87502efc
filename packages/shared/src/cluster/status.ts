import * as z from 'zod'

const causeSchema = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  field: z.string().optional(),
})

const detailsSchema = z.object({
  name: z.string().optional(),
  group: z.string().optional(),
  kind: z.string().optional(),
  uid: z.string().optional(),
  retryAfterSeconds: z.number().optional(),
  causes: z.array(causeSchema).optional(),
})

/** How the API server says that something failed (`meta/v1` Status). */
export const statusSchema = z.object({
  kind: z.literal('Status'),
  apiVersion: z.literal('v1').optional(),
  status: z.enum(['Success', 'Failure']).optional(),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
  details: detailsSchema.optional(),
})

export type Status = z.infer<typeof statusSchema>
export type StatusDetails = z.infer<typeof detailsSchema>

/** The Status in a response body, if it is one. Proxies and load balancers answer with other things. */
export function parseStatus(body: string): Status | undefined {
  try {
    return statusSchema.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}
