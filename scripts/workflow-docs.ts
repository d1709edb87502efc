/**
 * Writes the tables of inputs, outputs and secrets in the document beside each reusable workflow, from the workflow itself.
 * `node scripts/workflow-docs.ts --check` only compares, and fails when a document is stale.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { root, writeOrCheck, type GeneratedFiles } from './generated-files.ts'
import { inputRow, markdownTable, replaceSections } from './markdown-tables.ts'

const folder = '.github/workflows'

const described = z.record(z.string(), z.object({ description: z.string() }))
const permissions = z.record(z.string(), z.enum(['none', 'read', 'write']))

const reusableSchema = z.object({
  on: z.object({
    workflow_call: z.object({
      inputs: z.record(
        z.string(),
        z.object({
          description: z.string(),
          type: z.string(),
          required: z.boolean().default(false),
          default: z.union([z.string(), z.boolean(), z.number()]).optional(),
        }),
      ),
      secrets: described.default({}),
      outputs: described.default({}),
    }),
  }),
  jobs: z.record(z.string(), z.object({ permissions: permissions.default({}) })),
})

export type ReusableWorkflow = z.output<typeof reusableSchema>

/** The reusable workflows of the suite, by file name without its ending. */
export async function loadWorkflows(): Promise<ReadonlyMap<string, ReusableWorkflow>> {
  const names = (await readdir(join(root, folder))).filter((name) => name.endsWith('.yml')).sort()
  const found = await Promise.all(
    names.map(async (name): Promise<[string, ReusableWorkflow][]> => {
      const content: unknown = parse(await readFile(join(root, folder, name), 'utf8'))
      if (!isReusable(content)) return []
      return [[name.replace(/\.yml$/u, ''), reusableSchema.parse(content)]]
    }),
  )
  return new Map(found.flat())
}

function isReusable(content: unknown): boolean {
  return z.object({ on: z.object({ workflow_call: z.unknown() }) }).safeParse(content).success
}

/** What a caller must grant: of each scope the most that a job asks for. */
export function callerPermissions({ jobs }: ReusableWorkflow): Readonly<Record<string, string>> {
  const levels = ['none', 'read', 'write']
  const granted: Record<string, string> = {}
  for (const job of Object.values(jobs)) {
    for (const [scope, level] of Object.entries(job.permissions)) {
      if (levels.indexOf(level) > levels.indexOf(granted[scope] ?? 'none')) granted[scope] = level
    }
  }
  return granted
}

/** A workflow's document with its tables brought up to date. */
export function withTables(markdown: string, { on: { workflow_call: call } }: ReusableWorkflow): string {
  const inputs = Object.entries(call.inputs).map(([name, { description, required, default: standard }]) =>
    inputRow({ name, description, required, standard: standard === '' ? undefined : standard?.toString() }),
  )
  return replaceSections(markdown, {
    inputs: markdownTable(['Input', 'Meaning', 'Default'], inputs),
    outputs: markdownTable(['Output', 'Meaning'], meanings(call.outputs)),
    secrets: markdownTable(['Secret', 'Meaning'], meanings(call.secrets)),
  })
}

function meanings(entries: z.output<typeof described>): string[][] {
  return Object.entries(entries).map(([name, { description }]) => [`\`${name}\``, description])
}

/** What the document beside each reusable workflow should say. */
export async function workflowFiles(): Promise<GeneratedFiles> {
  const files = await Promise.all(
    [...(await loadWorkflows())].map(async ([name, workflow]): Promise<[string, string]> => {
      const path = `${folder}/${name}.md`
      return [path, withTables(await readFile(join(root, path), 'utf8'), workflow)]
    }),
  )
  return new Map(files)
}

if (import.meta.main) await writeOrCheck(await workflowFiles(), 'scripts/workflow-docs.ts')
