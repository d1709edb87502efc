import * as z from 'zod'
import { connectForge, tokenInput } from '@runbook-actions/shared/action/forge-connection.ts'
import { keepTicket } from '@runbook-actions/shared/action/keep-ticket.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
} from '@runbook-actions/shared/action/phase.ts'
import type { Action, ActionContext } from '@runbook-actions/shared/action/run.ts'
import { readRunbook } from '@runbook-actions/shared/action/runbook-file.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import { standingLines } from '@runbook-actions/shared/report/ticket-state.ts'
import type { TicketStory } from '@runbook-actions/shared/report/ticket-story.ts'
import { record, type RecordResult } from './record.ts'
import { toldRejection } from './rejection.ts'
import { ticket } from './ticket.ts'

const inputs = z.object({
  mode: z
    .enum(['ticket', 'finish'])
    .default('finish')
    .describe(
      'ticket opens the deployment ticket or brings it up to date; finish writes the log and the tag, and closes the ticket where the deployment passed.',
    ),
  ...tokenInput,
  runbook: z.string().default('runbook.yaml').describe('Path of the runbook file, which the ticket quotes.'),
  record: z
    .string({ error: 'is needed: the output "record" of the phase before' })
    .describe('The deployment record.'),
  'staging-record': z
    .string()
    .optional()
    .describe('The record of staging, where the deployment ended there (ticket).'),
  'job-status': z
    .enum(['success', 'failure', 'cancelled', 'skipped'])
    .optional()
    .describe('How the job went, for a phase that died before it could say so itself.'),
  'tag-prefix': z
    .string()
    .default('')
    .describe('What comes before the version in a tag, such as kafka-pipeline/ (finish).'),
})

const outputs = { ...phaseOutputs, tag: '', 'log-commit': '', ticket: '' }

export const outputDescriptions: OutputDescriptions<typeof outputs> = {
  ...phaseOutputDescriptions,
  outcome: 'passed (it is recorded, however the deployment ended), failed or cancelled.',
  record:
    'The deployment record as JSON, with the ticket’s number (ticket) or this phase at its end (finish). Pass it on, unchanged.',
  tag: 'The tag on the deployed commit, such as v1.2.3-prod; empty where the deployment did not pass.',
  'log-commit': 'The commit on the branch deployment-log.',
  ticket: 'The number of the deployment ticket; empty where none could be written.',
}

type Context = ActionContext<z.output<typeof inputs>, typeof outputs>

export const action: Action<typeof inputs, typeof outputs> = {
  name: 'record',
  description: 'Keeps the deployment ticket, appends to the deployment log and tags the deployed commit.',
  inputs,
  outputs,
  async main(context) {
    const { inputs: given, run } = context
    const forge = await connectForge(given.token, run)
    if (forge === undefined) {
      throw new UserError(
        'The deployment cannot be recorded: there is no token or no repository.',
        'Pass "token: ${{ github.token }}" and grant the job "issues: write", for finish also "contents: write".',
      )
    }
    const result = await runMode(forge, context)
    const published = publish(result)
    const { ticket: reference } = result.record
    return {
      ...published,
      outputs: {
        ...published.outputs,
        tag: result.tag,
        'log-commit': result.logCommit,
        ticket: reference === undefined ? '' : String(reference.number),
      },
    }
  },
}

async function runMode(forge: Forge, context: Context): Promise<RecordResult> {
  const { inputs: given, log, clock, signal, redact } = context
  const ports = { forge, log, signal, redact }
  const known = readRecord(given.record, 'the input "record"')
  const staging = given['staging-record']
  const stopped = stoppedBy(given['job-status'])
  const story: TicketStory = {
    record:
      given.mode === 'ticket' ? await toldRejection({ record: known, stopped }, { ...ports, clock }) : known,
    staging: staging === undefined ? undefined : readRecord(staging, 'the input "staging-record"'),
    stopped,
  }
  const loadRunbook = () => readRunbook(given.runbook)
  if (given.mode === 'ticket') return { ...(await ticket(story, loadRunbook, ports)), tag: '', logCommit: '' }
  return record(known, given['tag-prefix'], {
    ...ports,
    clock,
    standing: (closed) => standingLines({ ...story, record: closed }, loadRunbook()),
    keepTicket: (closed, isDone) => keepTicket({ ...story, record: closed, isDone }, loadRunbook(), ports),
  })
}

function stoppedBy(status: Context['inputs']['job-status']): TicketStory['stopped'] {
  if (status === 'cancelled') return 'cancelled'
  return status === 'failure' ? 'failed' : undefined
}
