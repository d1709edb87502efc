// node benchmarks/start.ts [ROUNDS]: how long an action takes to load, and how large it is, beside a bundle that does
// what actions on Kubernetes commonly do: import the official client whole. Build first: npm run build.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { actionNames } from '../scripts/build.ts'
import { markdownTable } from '../scripts/markdown-tables.ts'
import { inTurn, type Contestant, type Sample } from './measure.ts'

const root = join(import.meta.dirname, '..')
const rounds = Number(process.argv[2] ?? 25)
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

/** What the program needs, and nothing of what else the machine does: others only ever make it slower. */
const least = (name: string, of: (sample: Sample) => number): number =>
  Math.min(...(samples.get(name) ?? []).map(of))
const wall = (name: string): number => least(name, ({ wallMs }) => wallMs)
const cpu = (name: string): number => least(name, ({ cpuMs }) => cpuMs)
const above = (name: string): number => cpu(name) - cpu(emptyProgram)

const head = [
  `the least of ${rounds} rounds, in turn`,
  'wall ms',
  'CPU ms',
  'of an empty program’s',
  'above an empty program, CPU ms',
  'of the official client’s',
  'loaded at start',
]
const rows = contestants.map(({ name, file }) => [
  name,
  wall(name).toFixed(0),
  cpu(name).toFixed(0),
  (cpu(name) / cpu(emptyProgram)).toFixed(1),
  above(name).toFixed(0),
  name === emptyProgram ? '' : `${((100 * above(name)) / above(wholeClient)).toFixed(0)} %`,
  file === undefined ? '' : `${(statSync(file).size / 1e6).toFixed(2)} MB`,
])
console.log(markdownTable(head, rows))
rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
