import { beforeAll, describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, staleFiles } from './generated-files.ts'
import {
  callerPermissions,
  loadWorkflows,
  withTables,
  workflowFiles,
  type ReusableWorkflow,
} from './workflow-docs.ts'

describe('the reusable workflows', () => {
  let workflows: ReadonlyMap<string, ReusableWorkflow>
  beforeAll(async () => {
    workflows = await loadWorkflows()
  })

  it('are documented as they are: else run node scripts/workflow-docs.ts', async () => {
    expect(await staleFiles(await workflowFiles())).toEqual([])
  })

  it('leave out those that nobody can call', () => {
    expect([...workflows.keys()]).toContain('deploy')
    expect([...workflows.keys()]).not.toContain('ci')
  })

  it('name every secret that they use, so that it can be passed by name', async () => {
    for (const [name, workflow] of workflows) {
      const text = await readFile(join(root, `.github/workflows/${name}.yml`), 'utf8')
      const used = new Set([...text.matchAll(/secrets\.(\w+)/g)].map(([, secret]) => secret))
      expect(Object.keys(workflow.on.workflow_call.secrets).toSorted()).toEqual([...used].toSorted())
    }
  })
})

const sample: ReusableWorkflow = {
  on: {
    workflow_call: {
      inputs: {
        runbook: { description: 'A path.', type: 'string', required: false, default: 'runbook.yaml' },
        reason: { description: 'Why.', type: 'string', required: false, default: '' },
        version: { description: 'What.', type: 'string', required: true },
      },
      secrets: { TOKEN: { description: 'A token.' } },
      outputs: { tag: { description: 'A tag.' } },
    },
  },
  jobs: {
    plan: { permissions: { contents: 'read' } },
    approve: { permissions: { contents: 'read', actions: 'read' } },
    finish: { permissions: { contents: 'write' } },
    quiet: { permissions: {} },
  },
}

it('asks the caller for the most that a job needs, scope by scope', () => {
  expect(callerPermissions(sample)).toEqual({ contents: 'write', actions: 'read' })
})

it('writes a row for each input, output and secret', () => {
  const empty = ['inputs', 'outputs', 'secrets']
    .map((name) => `<!-- ${name}:start -->\n<!-- ${name}:end -->`)
    .join('\n')
  const rows = withTables(empty, sample)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows).toEqual([
    '| `runbook` | A path. | `runbook.yaml` |',
    '| `reason` | Why. |  |',
    '| `version` | What. | **required** |',
    '| `tag` | A tag. |',
    '| `TOKEN` | A token. |',
  ])
})
