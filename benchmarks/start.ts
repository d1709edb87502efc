// node benchmarks/start.ts [ROUNDS]: how long an action takes to load, and how large it is, beside a bundle that does
// what actions on Kubernetes commonly do: import the official client whole. Build first: npm run build.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { actionNames } from '../scripts/build.ts'
import { inTurn, median, type Contestant, type Sample } from './measure.ts'

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

const emptyProgram = 'an empty program'
const wholeClient = 'the official client, whole'
const bundles = actionNames().map((name) => ({ name, file: join(root, 'actions', name, 'dist/index.js') }))
for (const { name, file } of bundles)
  if (!existsSync(file)) throw new Error(`There is no bundle of ${name}: npm run build`)
const contestants: (Contestant & { file?: string })[] = [
  { name: emptyProgram, command: [process.execPath, '-e', ''] },
  { name: wholeClient, command: [process.execPath, peer, '--help'], file: peer },
  ...bundles.map(({ name, file }) => ({ name, command: [process.execPath, file, '--help'], file })),
]
const samples = await inTurn(contestants, rounds)

const medianOf = (name: string, of: (sample: Sample) => number): number =>
  median((samples.get(name) ?? []).map(of))
const wall = (name: string): number => medianOf(name, ({ wallMs }) => wallMs)
const cpu = (name: string): number => medianOf(name, ({ cpuMs }) => cpuMs)
const above = (name: string): number => cpu(name) - cpu(emptyProgram)

console.log(
  `| ${rounds} rounds, in turn; medians | wall ms | CPU ms | above an empty program | of the official client's | loaded at start |`,
)
console.log('|---|--:|--:|--:|--:|--:|')
for (const { name, file } of contestants) {
  const share = name === emptyProgram ? '' : `${((100 * above(name)) / above(wholeClient)).toFixed(0)} %`
  const size = file === undefined ? '' : `${(statSync(file).size / 1e6).toFixed(2)} MB`
  const [wallMs, cpuMs, aboveMs] = [wall(name), cpu(name), above(name)].map((ms) => ms.toFixed(0))
  console.log(`| ${name} | ${wallMs} | ${cpuMs} | ${aboveMs} | ${share} | ${size} |`)
}
rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
