import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { helpText } from './help.ts'
import { bool, duration, secret } from './input-types.ts'

describe('help', () => {
  it('says what must be given, what may be given, and where secrets come from', () => {
    const inputs = z.object({
      pipeline: z.string().describe('The pipeline of the runbook.'),
      environment: z.enum(['staging', 'production']).describe('Where.'),
      timeout: duration
        .prefault('10m')
        .describe('How long the rollback may take before it counts as failed and a person must look at it.'),
      'dry-run': bool.default(false).describe('Changes nothing.'),
      token: secret(z.string(), { env: 'GITHUB_TOKEN' }).optional().describe('For the ticket.'),
    })
    expect(helpText({ name: 'rollback', description: 'Brings back what ran before.', inputs })).toBe(
      `
rollback: Brings back what ran before.

Usage:
  node rollback.mjs --pipeline <value> --environment <staging|production> [flags]

You must give:
  --pipeline <value>
      The pipeline of the runbook.
  --environment <staging|production>
      Where.

You may give:
  --timeout <duration>
      How long the rollback may take before it counts as failed and a person must look at it.
      Default: 10m.
  --dry-run
      Changes nothing.
  --help
      Shows this text and does nothing.

Secrets (environment variables, or files; never flags):
  GITHUB_TOKEN, or --token-file <path>
      For the ticket.

It ends with exit code 0 only if it passed.
`.trim(),
    )
  })
})
