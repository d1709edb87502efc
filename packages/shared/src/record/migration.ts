import * as z from 'zod'

/**
 * A change of the database's schema that belongs to a release. Written before its first statement: one whose end is not
 * known may have changed the schema.
 */
export const migrationSchema = z.strictObject({
  /** The release that brought it. */
  version: z.string(),
  /** The release whose code ran before, and had to run on the new schema for a while; absent where it has no version. */
  before: z.string().optional(),
  /** The head of the schema as the tool names it, before and after. */
  from: z.string().optional(),
  to: z.string(),
  startedAt: z.iso.datetime(),
  /** Absent while it runs, and where it ended without a word. */
  endedAt: z.iso.datetime().optional(),
  /** How staging showed that the code of `before` runs on the new schema, in one sentence; absent where it did not. */
  proven: z.string().optional(),
})

export type Migration = z.infer<typeof migrationSchema>
