import { z } from 'zod'
import { parse } from 'yaml'
import { notFound, unprocessable } from '../errors.ts'
import { readObject } from '../git/objects.ts'
import type { Git } from '../git/process.ts'
import { defaultBranch, readRef, resolveCommit } from '../git/refs.ts'
import type { Routes } from '../operation.ts'
import type { WorkflowDispatch } from '../state.ts'
import { workflowBot } from '../state/users.ts'

const valueSchema = z.union([z.string(), z.number(), z.boolean()])
const inputSchema = z.object({
  required: z.boolean().default(false),
  default: valueSchema.optional(),
  options: z.array(z.string()).optional(),
})
const dispatchSchema = z.object({ inputs: z.record(z.string(), inputSchema.nullable()).nullish() }).nullable()
const workflowSchema = z.object({
  on: z.union([z.string(), z.array(z.string()), z.object({ workflow_dispatch: dispatchSchema.optional() })]),
})

type Inputs = Record<string, z.infer<typeof inputSchema> | null>

/** Starts workflows that wait for `workflow_dispatch`; what then runs is the scenario's. */
export const dispatches = {
  'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches': async (
    { path, body },
    { git, links, state },
  ) => {
    const { ref, inputs: given = {}, return_run_details: wantsDetails = false } = body
    const file = workflowFile(path.workflow_id, state.runs)
    if ((await readFile(git, `refs/heads/${await defaultBranch(git)}`, file)) === undefined) throw notFound()
    const sha = (await isBranchOrTag(git, ref)) ? await resolveCommit(git, ref) : undefined
    if (sha === undefined) throw unprocessable(`No ref found for: ${ref}`)
    const inputs = resolveInputs(declaredInputs(await readFile(git, sha, file)), given)
    const headRef = ref.replace(/^refs\/(heads|tags)\//, '')
    const run = state.runs.add({
      path: file,
      event: 'workflow_dispatch',
      status: 'queued',
      headRef,
      headSha: sha,
      actor: workflowBot,
    })
    await state.onDispatch({ runId: run.id, path: file, ref, sha, inputs })
    if (!wantsDetails) return { status: 204, body: undefined }
    const place = `actions/runs/${String(run.id)}`
    return {
      status: 200,
      body: { workflow_run_id: run.id, run_url: links.api(place), html_url: links.html(place) },
    }
  },
} satisfies Routes

function workflowFile(id: string | number, runs: { workflowPath(id: number): string | undefined }): string {
  const isName = /^[\w.-]+\.ya?ml$/.test(String(id))
  const path = isName ? `.github/workflows/${String(id)}` : runs.workflowPath(Number(id))
  if (path === undefined) throw notFound()
  return path
}

async function readFile(git: Git, revision: string, path: string): Promise<string | undefined> {
  return (await readObject(git, `${revision}:${path}`, 'blob'))?.content.toString()
}

/** A dispatch takes a branch or a tag, with or without `refs/…/`, and no commit. */
async function isBranchOrTag(git: Git, ref: string): Promise<boolean> {
  const names = [ref, `refs/heads/${ref}`, `refs/tags/${ref}`]
  return (await Promise.all(names.map((name) => readRef(git, name)))).some((one) => one !== undefined)
}

function declaredInputs(workflow: string | undefined): Inputs {
  const { on } = workflowSchema.parse(workflow === undefined ? { on: [] } : parse(workflow))
  const events = typeof on === 'string' ? [on] : on
  if (Array.isArray(events) ? events.includes('workflow_dispatch') : events.workflow_dispatch !== undefined) {
    return (Array.isArray(events) ? undefined : events.workflow_dispatch?.inputs) ?? {}
  }
  throw unprocessable("Workflow does not have 'workflow_dispatch' trigger")
}

/** The given inputs with the declared defaults. */
function resolveInputs(declared: Inputs, given: Record<string, unknown>): WorkflowDispatch['inputs'] {
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(declared, name))
  if (unexpected.length > 0) throw unprocessable(`Unexpected inputs provided: ${JSON.stringify(unexpected)}`)
  const resolved: WorkflowDispatch['inputs'] = {}
  for (const [name, input] of Object.entries(declared)) {
    const { data: value, success } = valueSchema.optional().safeParse(given[name] ?? input?.default)
    if (!success) throw unprocessable(`Provided value for input '${name}' is no text, number or boolean`)
    if (value !== undefined) resolved[name] = value
    else if (input?.required === true) throw unprocessable(`Required input '${name}' not provided`)
    if (value === undefined || input?.options === undefined || input.options.includes(String(value))) continue
    throw unprocessable(
      `Provided value '${String(value)}' for input '${name}' not in the list of allowed values`,
    )
  }
  return resolved
}
