import * as z from 'zod'

const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/)

/** A key that a change gives another value, by its name alone. */
export const keyChangeSchema = z.strictObject({
  key: z.string(),
  change: z.enum(['changed', 'added', 'removed']),
})

/** What a configuration change changes. No value of it enters the record. */
export const configurationSchema = z.strictObject({
  configMap: z.string(),
  /** File of the repository that holds it; absent where a person gave the values with the run. */
  file: z.string().optional(),
  changes: z.array(keyChangeSchema),
  /** Of all its data, as the plan found it and as it shall be. */
  before: digestSchema,
  after: digestSchema,
})

export type KeyChange = z.infer<typeof keyChangeSchema>
export type Configuration = z.infer<typeof configurationSchema>
