import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'yaml'
import {
  actArguments,
  actEnvironment,
  checkoutReferences,
  runFiles,
  stepEnvironment,
  yamlMap,
  type RunOptions,
} from './command.ts'

const options: RunOptions = {
  act: '/bin/act',
  repositories: '/repositories',
  repository: 'acme/pipeline',
  workflow: '.github/workflows/deploy.yml',
  event: { name: 'push', ref: 'refs/tags/v1.0.0', sha: 'a'.repeat(40), payload: {} },
  suite: '/suite',
  actions: { 'acme/tool@v3': '/tool' },
  labels: ['ubuntu-latest', 'linux'],
  github: { server: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1', graphql: 'http://127.0.0.1:1/graphql' },
  runId: 4711,
  runNumber: 7,
  actor: 'rosa',
  token: 'token-in-clear',
  secrets: { KUBECONFIG_DATA: 'secret-in-clear' },
  variables: { REGION: 'eu' },
}
const files = runFiles('/run')

describe('actArguments', () => {
  it('names the event, the runners and the local actions', () => {
    const args = actArguments(options, files, ['actions/checkout@v6']).join(' ')
    expect(args).toMatch(/^push /)
    expect(args).toContain('--platform ubuntu-latest=-self-hosted --platform linux=-self-hosted')
    expect(args).toContain('--local-repository runbook-actions/suite@v1=/suite')
    expect(args).toContain('--local-repository acme/tool@v3=/tool')
    expect(args).toMatch(/--local-repository actions\/checkout@v6=\S+\/checkout /)
  })

  it('holds no value of a secret', () => {
    const args = actArguments(options, files, []).join(' ')
    expect(args).toContain('/run/secrets.yaml')
    expect(args).not.toContain('in-clear')
  })
})

describe('stepEnvironment', () => {
  it('describes the run', () => {
    expect(stepEnvironment(options, 'github_1')).toMatchObject({
      GITHUB_REPOSITORY: 'acme/pipeline',
      GITHUB_RUN_ID: '4711',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_SHA: 'a'.repeat(40),
      GITHUB_WORKFLOW_REF: 'acme/pipeline/.github/workflows/deploy.yml@refs/tags/v1.0.0',
      RUNNER_TRACKING_ID: 'github_1',
    })
  })
})

describe('actEnvironment', () => {
  it('holds five variables, whatever ours are, and this Node first on the PATH', () => {
    const environment = actEnvironment(files, 'github_1')
    expect(Object.keys(environment).toSorted()).toEqual([
      'HOME',
      'LANG',
      'PATH',
      'RUNNER_TRACKING_ID',
      'TMPDIR',
    ])
    expect(environment.PATH).toMatch(new RegExp(`^${dirname(process.execPath)}:`))
    expect(environment.PATH).not.toContain('node_modules/.bin')
  })
})

describe('yamlMap', () => {
  it('gives every string back', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\n', '\r', '"', '\u2028', '\u0085', '\u007f', '\ufeff'),
        fc.string({ unit: 'grapheme', maxLength: 1 }),
      ),
    })
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z]{1,4}$/), text), (values) => {
        expect(parse(yamlMap(values))).toEqual({ ...values })
      }),
    )
  })

  it('writes characters that end a line in YAML as escapes', () => {
    expect(yamlMap({ A: '\u2028\u0085' })).toBe('{"A":"\\u2028\\u0085"}')
  })
})

describe('checkoutReferences', () => {
  it('finds each use once, in workflows and actions', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'references-'))
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    write(
      '.github/workflows/a.yml',
      'steps:\n  - uses: actions/checkout@v6\n  - uses: "actions/checkout@v6"\n',
    )
    write('.github/actions/login/action.yaml', `- uses: actions/checkout@${'b'.repeat(40)} # v6.0.1\n`)
    write('.github/workflows/notes.md', 'uses: actions/checkout@v1\n')
    const found = await checkoutReferences([folder, join(folder, 'nothing-here')])
    rmSync(folder, { recursive: true })
    expect(found).toEqual([`actions/checkout@${'b'.repeat(40)}`, 'actions/checkout@v6'])
  })
})
