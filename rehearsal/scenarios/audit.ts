import { auditedRequests, type AuditedRequest } from '../kubernetes/requests.ts'

const reading = new Set(['get', 'list', 'watch'])

/** What one of the suite's accounts asked the API server. */
export interface AuditEntry extends AuditedRequest {
  readonly account: string
  readonly isRead: boolean
}

/** All that the suite's accounts asked, in order, from the API server's own log. */
export async function auditEntries(file: string): Promise<AuditEntry[]> {
  return (await auditedRequests(file)).flatMap((request) => {
    const account = /^system:serviceaccount:[^:]+:(runbook-\w+)$/.exec(request.user)?.[1]
    return account === undefined ? [] : [{ ...request, account, isRead: reading.has(request.verb) }]
  })
}
