import { beforeAll, describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'
import { list, secret } from '../packages/shared/src/action/input-types.ts'
import { readInputs } from '../packages/shared/src/action/inputs.ts'
import { actionFiles, actionYaml, loadActions, withTables, type DocumentedAction } from './action-docs.ts'
import { staleFiles } from './generated-files.ts'

const metadataSchema = z.strictObject({
  name: z.string().max(60),
  // Longer ones are refused by the Marketplace.
  description: z.string().max(125),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(
    z.string(),
    z.strictObject({ description: z.string().min(1), required: z.boolean(), default: z.string().optional() }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string().min(1) })),
  runs: z.strictObject({ using: z.literal('node24'), main: z.literal('dist/index.js') }),
})

/** What the runner hands to an action: a variable for each input. */
function runnerVariables(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(values).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value ?? ''])
  return Object.fromEntries(given) as Record<string, string>
}

function read({ inputs }: DocumentedAction, values: Readonly<Record<string, string | undefined>>): unknown {
  const environment = runnerVariables(values)
  return readInputs(inputs, { kind: 'runner', environment }, () => undefined)
}

describe('the actions of this repository', () => {
  let actions: DocumentedAction[]
  beforeAll(async () => {
    actions = await loadActions()
  })

  it('are documented as their sources say: else run node scripts/action-docs.ts', async () => {
    expect(await staleFiles(await actionFiles())).toEqual([])
  })

  it('have metadata that GitHub accepts, under the names of their folders', () => {
    const names = actions.map((action) => metadataSchema.parse(parse(actionYaml(action))).name)
    expect(names).toEqual([
      'Runbook Preflight',
      'Runbook Record',
      'Runbook Rollback',
      'Runbook Rollout',
      'Runbook Validate',
    ])
  })

  it('read the defaults of action.yml as if nothing had been given', () => {
    for (const action of actions) {
      const { inputs } = metadataSchema.parse(parse(actionYaml(action)))
      const required = Object.fromEntries(
        Object.entries(inputs).flatMap(([name, input]) => (input.required ? [[name, 'given']] : [])),
      )
      // Its default is an expression, which only the runner evaluates.
      const { token, ...others } = inputs
      expect(token?.default ?? '${{ github.token }}').toBe('${{ github.token }}')
      const defaults = Object.fromEntries(
        Object.entries(others).map(([name, input]) => [name, input.default]),
      )
      expect(read(action, { ...defaults, ...required })).toEqual(read(action, required))
    }
  })
})

const sample: DocumentedAction = {
  name: 'record',
  description: 'Does something.',
  inputs: z.object({
    record: z.string().describe('The record.'),
    mode: z.enum(['plan', 'check']).default('check').describe('What it does.'),
    components: list.default([]).describe('Some of them.'),
    token: secret(z.string(), { env: 'TOKEN' }).optional().describe('A token.'),
  }),
  outputs: { outcome: 'passed | failed.' },
}
const readme = [
  '# Title',
  '<!-- inputs:start -->',
  'old',
  '<!-- inputs:end -->',
  'between',
  '<!-- outputs:start -->',
  '<!-- outputs:end -->',
  'after',
].join('\n')

describe('action.yml', () => {
  it('names valid values, what is required, and defaults but for empty ones', () => {
    expect(metadataSchema.parse(parse(actionYaml(sample))).inputs).toEqual({
      record: { description: 'The record.', required: true },
      mode: { description: 'What it does. Valid values: plan, check.', required: false, default: 'check' },
      components: { description: 'Some of them.', required: false },
      token: { description: 'A token.', required: false, default: '${{ github.token }}' },
    })
  })

  it('refuses a default that has no text', () => {
    const inputs = z.object({ components: list.default(['event-ingester']).describe('Some of them.') })
    expect(() => actionYaml({ ...sample, inputs })).toThrow(/"components" has no text.*prefault/)
  })

  it('refuses an input without a description', () => {
    expect(() => actionYaml({ ...sample, inputs: z.object({ mode: z.string() }) })).toThrow(
      /"mode" has no description/,
    )
  })

  it('refuses an action without an icon', () => {
    expect(() => actionYaml({ ...sample, name: 'unheard-of' })).toThrow(/unheard-of has no icon/)
  })
})

describe('the README', () => {
  it('gets its tables and keeps the rest', () => {
    expect(withTables(readme, sample).split('\n')).toEqual([
      '# Title',
      '<!-- inputs:start -->',
      '',
      '| Input | Meaning | Default |',
      '|---|---|---|',
      '| `record` | The record. | **required** |',
      '| `mode` | What it does. Valid values: plan, check. | `check` |',
      '| `components` | Some of them. |  |',
      '| `token` | A token. | `${{ github.token }}` |',
      '',
      '<!-- inputs:end -->',
      'between',
      '<!-- outputs:start -->',
      '',
      '| Output | Meaning |',
      '|---|---|',
      '| `outcome` | passed \\| failed. |',
      '',
      '<!-- outputs:end -->',
      'after',
    ])
  })

  it('is the same when it is done twice', () => {
    const once = withTables(readme, sample)
    expect(withTables(once, sample)).toBe(once)
  })

  it('needs its markers', () => {
    expect(() => withTables('# Title', sample)).toThrow(/<!-- inputs:start -->/)
  })
})
