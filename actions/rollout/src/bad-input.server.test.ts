import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

// The action as a person starts it from a terminal, against the real API server.
const { REHEARSAL_KUBECONFIG: kubeconfig = '', REHEARSAL_KUBECTL: kubectl = '' } = process.env
const namespace = 'bad-input'
const root = join(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'bad-input-'))

interface Ended {
  code: number
  output: string
}

function run(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input = '',
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', HOME: folder, ...env } }
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` })
    })
    child.stdin?.end(input)
  })
}

const asAdmin = async (args: readonly string[], input?: string): Promise<string> => {
  const { code, output } = await run(kubectl, args, { KUBECONFIG: kubeconfig }, input)
  if (code !== 0) throw new Error(output)
  return output.trim()
}

const roll = (env: Record<string, string>, ...flags: string[]): Promise<Ended> =>
  run(process.execPath, [join(root, 'actions/rollout/src/index.ts'), '--version', 'v1.1.0', ...flags], env)

const runbook = (deployment: string, more = ''): string =>
  `version: 1\npipeline: kafka-pipeline\nenvironments: { production: { namespace: ${namespace} } }\ncomponents: [{ deployment: ${deployment}${more} }]\n`

/** The administrator's kubeconfig with another token. */
const withToken = (token: string): string => {
  const file = join(folder, 'token.kubeconfig')
  writeFileSync(file, readFileSync(kubeconfig, 'utf8').replace(/token: .*/, `token: ${token}`), {
    mode: 0o600,
  })
  return file
}

const image = (): Promise<string> =>
  asAdmin([
    'get',
    'deployment',
    'worker',
    '-n',
    namespace,
    '-o',
    'jsonpath={.spec.template.spec.containers[*].image}',
  ])

beforeAll(async () => {
  await asAdmin(['create', 'namespace', namespace])
  await asAdmin([
    'create',
    'deployment',
    'worker',
    '-n',
    namespace,
    '--image=registry.local/worker:v1.0.0',
    '--replicas=0',
  ])
  await asAdmin(['apply', '-n', namespace, '-f', join(root, 'rbac')])
  writeFileSync(join(folder, 'runbook.yaml'), runbook('worker'))
})

afterAll(async () => {
  await asAdmin(['delete', 'namespace', namespace, '--wait=false'])
  rmSync(folder, { recursive: true })
})

describe('bad input gets one clear sentence and the next step, and changes nothing', () => {
  const expired = `e30.${Buffer.from(JSON.stringify({ exp: 1_700_000_000 })).toString('base64url')}.c2ln`

  it.each<[string, () => Record<string, string>, RegExp, RegExp]>([
    ['no kubeconfig', () => ({}), /kubeconfig/i, /KUBECONFIG|kubeconfig/],
    [
      'a kubeconfig that is none',
      () => ({ KUBECONFIG_CONTENT: ': no: yaml: [' }),
      /The given kubeconfig/,
      /kubeconfig/,
    ],
    [
      'a token that nobody knows',
      () => ({ KUBECONFIG: withToken('garbage') }),
      /refused the credentials.*\(401\)/,
      /token/,
    ],
    [
      'a token that has expired',
      () => ({ KUBECONFIG: withToken(expired) }),
      /their token expired at 2023-11-14/,
      /new token/,
    ],
  ])('%s', async (_, env, sentence, next) => {
    const { code, output } = await roll(env())
    expect(output).toMatch(sentence)
    expect(output).toMatch(next)
    expect(output).not.toMatch(/bug or an outage|at .*\.ts:\d+/)
    expect(code).toBe(1)
    expect(await image()).toBe('registry.local/worker:v1.0.0')
  })

  it('a verb that the Role lacks: who, what, where, and the rule to add', async () => {
    const token = await asAdmin(['create', 'token', 'runbook-reader', '-n', namespace])
    const refused = await roll({ KUBECONFIG: withToken(token) }, '--first-deployment-class', 'minor')
    expect(refused.output).toMatch(/system:serviceaccount:bad-input:runbook-reader/)
    expect(refused.output).toMatch(/may not create leases[\s\S]*verbs: \["create"\]/)
    expect(await image()).toBe('registry.local/worker:v1.0.0')
  })

  it('a Deployment that does not exist: which ones do', async () => {
    writeFileSync(join(folder, 'other.yaml'), runbook('wroker'))
    const { code, output } = await roll({ KUBECONFIG: kubeconfig }, '--runbook', 'other.yaml')
    expect([code, output]).toEqual([
      1,
      expect.stringContaining(`The namespace "${namespace}" has no Deployment "wroker".`),
    ])
    expect(output).toContain('It has: worker.')
  })

  it('a container that does not exist: which ones do', async () => {
    writeFileSync(join(folder, 'other.yaml'), runbook('worker', ', container: main'))
    const { code, output } = await roll({ KUBECONFIG: kubeconfig }, '--runbook', 'other.yaml')
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('Deployment "worker" has no container "main".'),
    ])
    expect(output).toContain('Its containers are: worker.')
    expect(await image()).toBe('registry.local/worker:v1.0.0')
  })

  it('several mistakes in the runbook file: all at once, each with its place', async () => {
    writeFileSync(
      join(folder, 'wrong.yaml'),
      'version: 2\npipelin: x\nenvironments: { production: { namespace: Bad_Name } }\n',
    )
    const { code, output } = await roll({ KUBECONFIG: kubeconfig }, '--runbook', 'wrong.yaml')
    expect(code).toBe(1)
    for (const place of ['wrong.yaml:1:10', 'wrong.yaml:2:1', 'wrong.yaml:3:42'])
      expect(output).toContain(place)
    expect(output).toContain('did you mean')
  })
})
