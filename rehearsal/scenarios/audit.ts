import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const reading = new Set(['get', 'list', 'watch'])

const entrySchema = z.object({
  verb: z.string(),
  // Without a name where it did not tell who it is, as with a token that has ended.
  user: z.object({ username: z.string().default('') }),
  objectRef: z
    .object({
      resource: z.string().optional(),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.number() }).optional(),
  requestURI: z.string(),
})

/** What one of the suite's accounts asked the API server. */
export interface AuditEntry {
  readonly account: string
  readonly verb: string
  readonly isRead: boolean
  readonly isDryRun: boolean
  readonly namespace: string | undefined
  /** `deployments`, `pods/log` */
  readonly resource: string
  /** Undefined where all were asked for. */
  readonly name: string | undefined
  readonly code: number
}

/** All that the suite's accounts asked, in order, from the API server's own log. */
export async function auditEntries(file: string): Promise<AuditEntry[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => {
    const { user, verb, objectRef, responseStatus, requestURI } = entrySchema.parse(JSON.parse(line))
    const account = /^system:serviceaccount:[^:]+:(runbook-\w+)$/.exec(user.username)?.[1]
    if (account === undefined) return []
    const resource = [objectRef?.resource ?? '', objectRef?.subresource].filter(Boolean).join('/')
    return [
      {
        account,
        verb,
        isRead: reading.has(verb),
        isDryRun: requestURI.includes('dryRun=All'),
        namespace: objectRef?.namespace,
        resource,
        name: objectRef?.name,
        code: responseStatus?.code ?? 0,
      },
    ]
  })
}
