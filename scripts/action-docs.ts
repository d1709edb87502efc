/**
 * Writes what the sources of an action say about it: the whole of `actions/<name>/action.yml`, and the tables of
 * inputs and outputs in its README. `node scripts/action-docs.ts --check` only compares, and fails when a file is stale.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { z } from 'zod'
import {
  choicesOf,
  defaultOf,
  descriptionOf,
  type InputSchema,
} from '../packages/shared/src/action/input-types.ts'
import { root, writeOrCheck, type GeneratedFiles } from './generated-files.ts'
import { inputRow, markdownTable, replaceSections } from './markdown-tables.ts'

/** An action as its `src/main.ts` describes it. */
export interface DocumentedAction {
  readonly name: string
  readonly description: string
  readonly inputs: InputSchema
  /** Description by output name, `outcome` first. */
  readonly outputs: Readonly<Record<string, string>>
}

/** What the Marketplace shows beside the name; a new action needs a line here. */
const icons: Readonly<Record<string, string>> = {
  preflight: 'clipboard',
  record: 'book-open',
  rollback: 'rotate-ccw',
  rollout: 'upload-cloud',
  validate: 'check-circle',
}

/** Defaults that only the runner knows; a terminal has none. */
const runnerDefaults: Readonly<Record<string, string>> = { token: '${{ github.token }}' }

interface ActionModule {
  readonly action: Pick<DocumentedAction, 'name' | 'description' | 'inputs'> & {
    readonly outputs: Readonly<Record<string, unknown>>
  }
  readonly outputDescriptions: Readonly<Record<string, string>>
}

/** Every action that has sources, in alphabetical order. */
export async function loadActions(): Promise<DocumentedAction[]> {
  const folders = (await readdir(join(root, 'actions'))).sort()
  const names = folders.filter((name) => existsSync(join(root, 'actions', name, 'src/main.ts')))
  return Promise.all(names.map(loadAction))
}

async function loadAction(folder: string): Promise<DocumentedAction> {
  const module = (await import(`../actions/${folder}/src/main.ts`)) as ActionModule
  const { name, description, inputs } = module.action
  const outputs = ['outcome', ...Object.keys(module.action.outputs), 'ended'].map((output) => {
    const meaning = module.outputDescriptions[output]
    if (meaning === undefined) throw new Error(`actions/${folder}: the output "${output}" has no description`)
    return [output, meaning] as const
  })
  return { name, description, inputs, outputs: Object.fromEntries(outputs) }
}

interface InputFacts {
  readonly name: string
  /** Ends with the valid values, where they are a closed set. */
  readonly description: string
  readonly required: boolean
  /** As a caller would type it; undefined where nothing is given. */
  readonly standard: string | undefined
}

function inputFacts({ name: action, inputs }: DocumentedAction): InputFacts[] {
  return Object.entries(inputs.shape).map(([name, input]) => {
    const description = descriptionOf(input)
    if (description === undefined)
      throw new Error(`actions/${action}: the input "${name}" has no description`)
    const choices = choicesOf(input)
    return {
      name,
      description:
        choices === undefined ? description : `${description} Valid values: ${choices.join(', ')}.`,
      required: input._zod.optin === undefined,
      standard: runnerDefaults[name] ?? defaultText(name, input),
    }
  })
}

function defaultText(name: string, input: z.core.$ZodType): string | undefined {
  const value = defaultOf(input)
  // An empty text means "not given", so an empty default is none.
  const isEmpty = value === '' || (Array.isArray(value) && value.length === 0)
  if (value === undefined || isEmpty || (value instanceof Map && value.size === 0)) return undefined
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return String(value)
  throw new Error(`the default of the input "${name}" has no text: give it as text, with .prefault('…')`)
}

/** The text of `action.yml`. */
export function actionYaml(action: DocumentedAction): string {
  const icon = icons[action.name]
  if (icon === undefined) throw new Error(`actions/${action.name} has no icon in scripts/action-docs.ts`)
  const inputs = inputFacts(action).map(({ name, description, required, standard }) => {
    return [name, { description, required, ...(standard !== undefined && { default: standard }) }] as const
  })
  const outputs = Object.entries(action.outputs).map(
    ([name, description]) => [name, { description }] as const,
  )
  const content = {
    name: `Runbook ${action.name.charAt(0).toUpperCase()}${action.name.slice(1)}`,
    description: action.description,
    author: 'Runbook Actions',
    branding: { icon, color: 'blue' },
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    runs: { using: 'node24', main: 'dist/index.js' },
  }
  const text = stringify(content, { lineWidth: 0, singleQuote: true })
  return `# Generated by scripts/action-docs.ts from src/main.ts.\n${text}`
}

/** A README with its tables brought up to date. */
export function withTables(readme: string, action: DocumentedAction): string {
  const outputs = Object.entries(action.outputs).map(([name, description]) => [`\`${name}\``, description])
  return replaceSections(readme, {
    inputs: markdownTable(['Input', 'Meaning', 'Default'], inputFacts(action).map(inputRow)),
    outputs: markdownTable(['Output', 'Meaning'], outputs),
  })
}

/** What `action.yml` and README of every action should say. */
export async function actionFiles(): Promise<GeneratedFiles> {
  const files = await Promise.all(
    (await loadActions()).map(async (action) => {
      const folder = `actions/${action.name}`
      const readme = await readFile(join(root, folder, 'README.md'), 'utf8')
      return [
        [`${folder}/action.yml`, actionYaml(action)],
        [`${folder}/README.md`, withTables(readme, action)],
      ] as const
    }),
  )
  return new Map(files.flat())
}

if (import.meta.main) await writeOrCheck(await actionFiles(), 'scripts/action-docs.ts')
