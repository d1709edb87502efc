import { readFile } from 'node:fs/promises'
import { z } from 'zod'

/** One request, by the API server's own audit log. */
export interface AuditedRequest {
  /** Whose rights it had, also where somebody else asked in their name. */
  readonly user: string
  readonly userAgent: string
  /** `list`, `watch`, `get`, `patch` … */
  readonly verb: string
  /** `pods`, `pods/log` */
  readonly resource: string
  /** A further page of a list. */
  readonly isNextPage: boolean
  readonly code: number
}

/** Whoever was refused at the login has no name. */
const userSchema = z.object({ username: z.string().default('') })
const entrySchema = z.object({
  auditID: z.string(),
  verb: z.string(),
  user: userSchema,
  impersonatedUser: userSchema.optional(),
  userAgent: z.string().default(''),
  requestURI: z.string(),
  objectRef: z.object({ resource: z.string().default(''), subresource: z.string().optional() }).optional(),
  responseStatus: z.object({ code: z.number() }).optional(),
})

/** All that has been asked of the API server, in order; a watch counts once, from its beginning on. */
export async function auditedRequests(auditLog: string): Promise<AuditedRequest[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n').filter((line) => line !== '')
  const entries = lines.map((line) => entrySchema.parse(JSON.parse(line)))
  return [...new Map(entries.map((entry) => [entry.auditID, entry])).values()].map((entry) => ({
    user: (entry.impersonatedUser ?? entry.user).username,
    userAgent: entry.userAgent,
    verb: entry.verb,
    resource: [entry.objectRef?.resource ?? '', entry.objectRef?.subresource].filter(Boolean).join('/'),
    isNextPage: new URL(entry.requestURI, 'https://server').searchParams.has('continue'),
    code: entry.responseStatus?.code ?? 0,
  }))
}
