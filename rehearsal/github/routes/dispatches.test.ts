import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { WorkflowDispatch } from '../state.ts'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
const started: WorkflowDispatch[] = []

const rollback = `on:
  workflow_dispatch:
    inputs:
      reason: { required: true, type: string }
      scope: { type: choice, options: [all, one], default: all }
      dry-run: { type: boolean, default: false }
`

beforeAll(async () => {
  const files = {
    'rollback.yml': rollback,
    'list.yaml': 'on: [push, workflow_dispatch]\n',
    'ci.yml': 'on: push\n',
  }
  const workflows = Object.entries(files).map(([name, text]) => ({
    message: `add ${name}`,
    files: { [`.github/workflows/${name}`]: text },
  }))
  hub = await startTestGitHub(workflows, {
    onDispatch: (dispatch) => {
      started.push(dispatch)
    },
  })
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

function dispatch(
  workflow: string | number,
  inputs: Record<string, unknown> = {},
  ref = 'main',
): Promise<{ status: number }> {
  return hub.octokit.rest.actions.createWorkflowDispatch({ ...hub.at, workflow_id: workflow, ref, inputs })
}

describe('a dispatch', () => {
  it('starts a run with its inputs and their defaults', async () => {
    expect((await dispatch('rollback.yml', { reason: 'lag', 'dry-run': true })).status).toBe(204)
    const sha = (await hub.show('rev-parse', 'main')).trim()
    expect(started.at(-1)).toMatchObject({
      ...{ path: '.github/workflows/rollback.yml', ref: 'main', sha },
      inputs: { reason: 'lag', scope: 'all', 'dry-run': true },
    })
    const { data } = await hub.octokit.rest.actions.getWorkflowRun({
      ...hub.at,
      run_id: started.at(-1)?.runId ?? 0,
    })
    expect(data).toMatchObject({ event: 'workflow_dispatch', status: 'queued', head_sha: sha })
  })

  it('takes the number of a workflow too', async () => {
    await dispatch('list.yaml')
    const id = hub.github.state.runs.workflowId('.github/workflows/list.yaml')
    expect((await dispatch(id, {}, 'refs/heads/main')).status).toBe(204)
    expect(started.at(-1)?.path).toBe('.github/workflows/list.yaml')
  })

  it('is refused with GitHub’s reasons, and then starts nothing', async () => {
    const before = started.length
    const sha = (await hub.show('rev-parse', 'main')).trim()
    await expect(dispatch('none.yml')).rejects.toMatchObject({ status: 404 })
    await expect(dispatch('../../README.md')).rejects.toMatchObject({ status: 404 })
    await expect(dispatch(9)).rejects.toMatchObject({ status: 404 })
    await expect(dispatch('ci.yml')).rejects.toThrow("Workflow does not have 'workflow_dispatch' trigger")
    await expect(dispatch('rollback.yml', { reason: 'x', to: 'v1' })).rejects.toThrow(
      'Unexpected inputs provided: ["to"]',
    )
    await expect(dispatch('rollback.yml')).rejects.toThrow("Required input 'reason' not provided")
    await expect(dispatch('rollback.yml', { reason: 'x', scope: 'some' })).rejects.toThrow(
      'not in the list of allowed',
    )
    await expect(dispatch('rollback.yml', { reason: 'x' }, 'none')).rejects.toThrow('No ref found for: none')
    await expect(dispatch('rollback.yml', { reason: 'x' }, sha)).rejects.toThrow('No ref found for')
    await expect(dispatch('rollback.yml', { reason: ['x'] })).rejects.toThrow('no text, number or boolean')
    expect(started).toHaveLength(before)
  })
})
