import * as z from 'zod'

export const pullRequestSchema = z.strictObject({
  number: z.number().int().positive(),
  title: z.string(),
  url: z.string(),
})

/** One commit of a release, with the work items that it names. */
export const changeSchema = z.strictObject({
  commit: z.string(),
  /** The first line of its message. */
  subject: z.string(),
  /** Work items such as WP-123, each with what the commit says of it. */
  items: z.array(z.strictObject({ key: z.string(), text: z.string() })),
  pulls: z.array(pullRequestSchema),
})

/** What a release brings over the commit that ran before. */
export const changesSchema = z.strictObject({
  from: z.string(),
  /** Commits that it brings, merges that name no work item left out; `list` may hold fewer. */
  total: z.number().int().nonnegative(),
  /** Commits that ran before and that it does not have: they are taken away by it. */
  missing: z.number().int().nonnegative(),
  /** Newest first. */
  list: z.array(changeSchema),
})

/** The issue in which people follow a deployment. */
export const ticketReferenceSchema = z.strictObject({
  number: z.number().int().positive(),
  url: z.string(),
})

export type PullRequest = z.infer<typeof pullRequestSchema>
export type Change = z.infer<typeof changeSchema>
export type Changes = z.infer<typeof changesSchema>
