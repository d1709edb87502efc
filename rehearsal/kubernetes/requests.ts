import { readFile } from 'node:fs/promises'
import { z } from 'zod'

/** One request, by the API server's own audit log. */
export interface AuditedRequest {
  /** Whose rights it had, also where somebody else asked in their name. */
  readonly user: string
  readonly userAgent: string
  /** `list`, `watch`, `get`, `patch` … */
  readonly verb: string
  /** Empty for the core group. */
  readonly group: string
  /** `pods`, `pods/log`; empty where it was not about a resource. */
  readonly resource: string
  readonly namespace: string | undefined
  /** Undefined where all were asked for. */
  readonly name: string | undefined
  readonly isDryRun: boolean
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
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      resource: z.string().default(''),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
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
    group: entry.objectRef?.apiGroup ?? '',
    resource: [entry.objectRef?.resource ?? '', entry.objectRef?.subresource].filter(Boolean).join('/'),
    namespace: entry.objectRef?.namespace,
    name: entry.objectRef?.name,
    isDryRun: entry.requestURI.includes('dryRun=All'),
    isNextPage: new URL(entry.requestURI, 'https://server').searchParams.has('continue'),
    code: entry.responseStatus?.code ?? 0,
  }))
}
