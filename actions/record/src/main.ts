import * as z from 'zod'
import { connectForge, tokenInput } from '@runbook-actions/shared/action/forge-connection.ts'
import {
  phaseOutputDescriptions,
  phaseOutputs,
  publish,
  type OutputDescriptions,
} from '@runbook-actions/shared/action/phase.ts'
import type { Action } from '@runbook-actions/shared/action/run.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { readRecord } from '@runbook-actions/shared/record/text.ts'
import { record } from './record.ts'

const inputs = z.object({
  ...tokenInput,
  record: z
    .string({ error: 'is needed: the output "record" of the validation' })
    .describe('The deployment record.'),
  'tag-prefix': z
    .string()
    .default('')
    .describe('What comes before the version in a tag, such as kafka-pipeline/.'),
})

const outputs = { ...phaseOutputs, tag: '', 'log-commit': '' }

export const outputDescriptions: OutputDescriptions<typeof outputs> = {
  ...phaseOutputDescriptions,
  outcome: 'passed (it is recorded, however the deployment ended), failed or cancelled.',
  tag: 'The tag on the deployed commit, such as v1.2.3-prod; empty where the deployment did not pass.',
  'log-commit': 'The commit on the branch deployment-log.',
}

export const action: Action<typeof inputs, typeof outputs> = {
  name: 'record',
  description: 'Appends to the deployment log and tags the deployed commit.',
  inputs,
  outputs,
  async main({ inputs: given, log, clock, signal, run }) {
    const forge = connectForge(given.token, run)
    if (forge === undefined) {
      throw new UserError(
        'The deployment cannot be recorded: there is no token or no repository.',
        'Pass "token: ${{ github.token }}" and grant the job "contents: write".',
      )
    }
    const result = await record(readRecord(given.record, 'the input "record"'), given['tag-prefix'], {
      forge,
      clock,
      log,
      signal,
    })
    const published = publish(result)
    return {
      ...published,
      outputs: { ...published.outputs, tag: result.tag, 'log-commit': result.logCommit },
    }
  },
}
