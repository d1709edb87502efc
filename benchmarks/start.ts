// node benchmarks/start.ts [ROUNDS]: how long an action takes to load, and how large it is, beside a bundle that does
// what actions on Kubernetes commonly do: import the official client whole. Build first: npm run build.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { actionNames } from '../scripts/build.ts'
import { inTurn, median, type Contestant } from './measure.ts'

const root = join(import.meta.dirname, '..')
const rounds = Number(process.argv[2] ?? 11)
const folder = mkdtempSync(join(tmpdir(), 'benchmark-start-'))
const peer = join(folder, 'peer.mjs')

await build({
  stdin: {
    contents: `import * as core from '@actions/core'
import { KubeConfig, AppsV1Api, CoreV1Api } from '@kubernetes/client-node'
import * as github from '@actions/github'
if (process.argv[2] === '--help') console.log(typeof core.getInput, typeof KubeConfig, typeof AppsV1Api, typeof CoreV1Api, typeof github.getOctokit)`,
    resolveDir: join(root, 'packages/shared'),
  },
  outfile: peer,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  banner: { js: "import{createRequire as __c}from'node:module';const require=__c(import.meta.url);" },
  logLevel: 'error',
})

const bundles = actionNames().map((name) => ({ name, file: join(root, 'actions', name, 'dist/index.js') }))
for (const { name, file } of bundles)
  if (!existsSync(file)) throw new Error(`There is no bundle of ${name}: npm run build`)
const contestants: (Contestant & { file?: string })[] = [
  { name: 'an empty program', command: [process.execPath, '-e', ''] },
  { name: 'the official client, whole', command: [process.execPath, peer, '--help'], file: peer },
  ...bundles.map(({ name, file }) => ({ name, command: [process.execPath, file, '--help'], file })),
]
const samples = await inTurn(contestants, rounds)
rmSync(folder, { recursive: true, force: true, maxRetries: 3 })

const wall = (name: string): number => median((samples.get(name) ?? []).map(({ wallMs }) => wallMs))
const base = wall('an empty program')
console.log(
  `| ${rounds} rounds, in turn | median ms | above an empty program | of the official client's | size |`,
)
console.log('|---|--:|--:|--:|--:|')
const sizes = new Map(
  contestants.map(({ name, file }) => [
    name,
    file !== undefined && existsSync(file) ? statSync(file).size : undefined,
  ]),
)
for (const { name } of contestants) {
  const own = wall(name)
  const share =
    name === 'an empty program'
      ? ''
      : `${((100 * (own - base)) / (wall('the official client, whole') - base)).toFixed(0)} %`
  const size = sizes.get(name)
  console.log(
    `| ${name} | ${own.toFixed(0)} | ${(own - base).toFixed(0)} | ${share} | ${size === undefined ? '' : `${(size / 1e6).toFixed(2)} MB`} |`,
  )
}
