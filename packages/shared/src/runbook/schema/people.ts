import * as z from 'zod'
import { duration, pattern, secret, text, url } from '../fields.ts'
import { section } from '../section.ts'

/** How approvals are given. */
export const approval = section({
  by: z
    .enum(['environment', 'comment'])
    .prefault('environment')
    .describe('By the reviewers of a GitHub environment, or by a comment on the ticket where reviewers are not available.'),
  people: z
    .array(text('a login, or a team as org/team'))
    .prefault([])
    .describe('Who may approve by comment: logins, or teams as org/team.'),
})

/** How long what was measured before an approval is good for. */
export const evidence = section({
  'time-to-live': duration
    .prefault('1h')
    .describe('Older evidence does not carry an approval; it is measured again.'),
})

/** The deployment ticket. */
export const ticket = section({
  labels: z.array(text('a label')).prefault(['deployment']).describe('Labels of the ticket.'),
  'work-items': pattern
    .prefault('\\b[A-Z][A-Z0-9]+-\\d+\\b')
    .describe('What a work item looks like in a commit message, such as WP-123.'),
  link: url('https://tracker.example/browse/{item}')
    .optional()
    .describe('Address of a work item; `{item}` stands for it.'),
  'update-every': duration.prefault('1m').describe('Least time between two edits while a deployment is watched.'),
})

/** Who is told. Absent: nobody but the readers of the ticket. */
export const notify = section({
  webhook: secret('DEPLOY_WEBHOOK').describe('Address that gets a message.'),
  format: z.enum(['json', 'slack', 'teams']).prefault('json').describe('Shape of the message.'),
  on: z
    .array(z.enum(['start', 'passed', 'blocked', 'held', 'failed', 'cancelled', 'rolled-back', 'rollback-failed']))
    .prefault(['start', 'passed', 'blocked', 'held', 'failed', 'cancelled', 'rolled-back', 'rollback-failed'])
    .describe('When.'),
  'on-call': text('a person or group such as @data-oncall').optional().describe('Who is named when a person must act at once.'),
})

/** The lock per pipeline and environment. */
export const lock = section({
  lease: duration.prefault('1m').describe('How long a holder that fell silent keeps the lock.'),
  handover: duration.prefault('10m').describe('How long the lock is kept from one job to the next.'),
  yield: duration.prefault('5s').describe('How soon a phase stops writing when a rollback asks for the lock.'),
})

/** What is looked at again afterwards. */
export const followUp = section({
  first: duration.prefault('1h').describe('Documentation, tracker and stakeholders.'),
  second: duration.prefault('1d').describe('Trends, delayed errors, data quality.'),
  third: duration.prefault('7d').describe('Retrospective.'),
})
