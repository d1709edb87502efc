import { beforeAll, describe, expect, it } from '@jest/globals'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { loadRunbook } from '../packages/shared/src/runbook/load.ts'
import { loadActions } from './action-docs.ts'
import { anchors, codeBlocks, documents } from './documents.ts'
import { root } from './generated-files.ts'
import { callerPermissions, loadWorkflows } from './workflow-docs.ts'

const suite = 'runbook-actions/suite/'
const all = documents()

describe('links', () => {
  const links = all.flatMap(({ path, folder, text }) =>
    [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
      ([link, target = '', anchor]) => ({
        from: path,
        link,
        file: target === '' ? path : join(folder, target),
        anchor,
      }),
    ),
  )

  it('are there to be checked', () => {
    expect(links.length).toBeGreaterThan(20)
  })

  it('lead to files that exist', () => {
    expect(links.filter(({ file }) => !existsSync(join(root, file)))).toEqual([])
  })

  it('lead to headings that exist', () => {
    const lost = links.filter(
      ({ file, anchor }) =>
        anchor !== undefined && !anchors(readFileSync(join(root, file), 'utf8')).has(anchor),
    )
    expect(lost).toEqual([])
  })
})

/** A step or job that uses something of the suite, wherever in a workflow it stands. */
interface Use {
  readonly from: string
  /** `actions/rollout` or `.github/workflows/deploy.yml` */
  readonly what: string
  readonly job: Readonly<Record<string, unknown>>
}

function usesIn(from: string, value: unknown): Use[] {
  if (value === null || typeof value !== 'object') return []
  const inner = Object.values(value).flatMap((each) => usesIn(from, each))
  if (!('uses' in value) || typeof value.uses !== 'string' || !value.uses.startsWith(suite)) return inner
  const [what = ''] = value.uses.slice(suite.length).split('@')
  return [{ from, what, job: value }, ...inner]
}

const keysOf = (value: unknown): string[] => Object.keys(value ?? {})

describe('examples in documents', () => {
  let known: Map<string, readonly string[]>
  let permissions: Map<string, Readonly<Record<string, string>>>
  let secrets: Map<string, readonly string[]>
  beforeAll(async () => {
    const workflows = [...(await loadWorkflows())].map(
      ([name, workflow]) => [`.github/workflows/${name}.yml`, workflow] as const,
    )
    known = new Map([
      ...(await loadActions()).map(
        ({ name, inputs }) => [`actions/${name}`, Object.keys(inputs.shape)] as const,
      ),
      ...workflows.map(([path, { on }]) => [path, Object.keys(on.workflow_call.inputs)] as const),
    ])
    permissions = new Map(workflows.map(([path, workflow]) => [path, callerPermissions(workflow)]))
    secrets = new Map(workflows.map(([path, { on }]) => [path, Object.keys(on.workflow_call.secrets)]))
  })

  const folder = 'examples/kafka-pipeline/.github/workflows'
  const examples = readdirSync(join(root, folder)).map((name) => join(folder, name))
  const uses = [
    ...all.flatMap(({ path, text }) => codeBlocks(text, 'yaml').flatMap((code) => usesIn(path, parse(code)))),
    ...examples.flatMap((path) => usesIn(path, parse(readFileSync(join(root, path), 'utf8')))),
  ]

  it('show every action and workflow', () => {
    expect(new Set(uses.map(({ what }) => what))).toEqual(new Set(known.keys()))
  })

  it('give inputs that exist', () => {
    const wrong = uses.flatMap(({ from, what, job }) =>
      keysOf(job.with)
        .filter((input) => known.get(what)?.includes(input) !== true)
        .map((input) => `${from}: ${what} has no input ${input}`),
    )
    expect(wrong).toEqual([])
  })

  it('grant a called workflow what it needs, and pass it its secrets', () => {
    const calls = uses.filter(({ what }) => permissions.has(what))
    expect(calls.length).toBeGreaterThan(2)
    for (const { what, job } of calls) {
      expect(job.permissions).toEqual(permissions.get(what))
      if (job.secrets !== 'inherit') expect(keysOf(job.secrets)).toEqual(secrets.get(what))
    }
  })

  it('are runbook files that load', () => {
    const files = all.flatMap(({ path, text }) =>
      codeBlocks(text, 'yaml')
        .filter((code) => /^version: 1$/m.test(code))
        .map((code) => [path, code] as const),
    )
    expect(files.length).toBeGreaterThan(1)
    for (const [file, code] of files) expect(loadRunbook(code, { file }).pipeline).toBe('kafka-pipeline')
  })
})
