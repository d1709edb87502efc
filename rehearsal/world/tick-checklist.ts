import { z } from 'zod'
import { checklistHeading } from '../../packages/shared/src/record/checklist.ts'
import { engineer } from './caller-repository.ts'
import type { Timeline } from './timeline.ts'
import type { World } from './world.ts'

const issuesSchema = z.array(z.object({ number: z.number(), body: z.string().nullable() }))

/** Ticks what must be ticked before the approval, as a click in the browser does: the engineer edits the ticket. */
export async function tickChecklist(
  { github, repository }: World,
  runId: number,
  timeline: Timeline,
): Promise<void> {
  const issues = `${github.url}/repos/${repository.slug}/issues`
  const headers = {
    authorization: `Bearer ${github.state.users.tokenOf(engineer)}`,
    'user-agent': engineer,
    'content-type': 'application/json',
  }
  const listed = await fetch(`${issues}?labels=deployment`, { headers })
  const tickets = issuesSchema.parse(await listed.json())
  const ticket = tickets.find(({ body }) => body?.includes(`/${String(runId)} -->`) === true)
  if (ticket === undefined) throw new Error(`run ${String(runId)} has no ticket`)
  const body = ticked(ticket.body ?? '')
  const answer = await fetch(`${issues}/${String(ticket.number)}`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ body }),
  })
  if (!answer.ok) throw new Error(`GitHub answered ${String(answer.status)}`)
  timeline.add(`${engineer} ticks the checklist of #${String(ticket.number)}`)
}

/** The lines right below the heading; those further below are for exceptions. */
function ticked(body: string): string {
  const [before = '', ...after] = body.split(`${checklistHeading}\n\n`)
  const [first, ...rest] = after.join(`${checklistHeading}\n\n`).split('\n\n')
  if (first === undefined || after.length === 0) return body
  return [`${before}${checklistHeading}\n\n${first.replaceAll('- [ ] ', '- [x] ')}`, ...rest].join('\n\n')
}
