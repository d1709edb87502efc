// npm run simulate [-- HEALTHY FAULTY]: plays made-up watches through the real gates and the real rule of the watch, and
// writes what came out into docs/decisions/0016-simulated-watches.md. Half an hour of one processor, and the same on every
// machine. What has been played is kept until a source changes, so that it can be interrupted.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../packages/shared/src/decide/median.ts'
import {
  faultyWatches,
  healthyWatches,
  playWatch,
  type PlayedWatch,
  type WatchScenario,
} from '../packages/shared/src/gates/watch-simulation.fixture.ts'
import { root } from './generated-files.ts'
import { markdownTable, replaceSections } from './markdown-tables.ts'

export const simulationDocument = 'docs/decisions/0016-simulated-watches.md'

export const standard = { healthy: 2_002, faulty: 100 }
/** Far from the seeds with which rules were tried while they were made. */
const firstSeed = 31_000_000
/** Each scenario has seeds of its own. */
const seedsEach = 10_000
const pieceOf = 20

/** Where played pieces are kept: by all that they depend on. */
function keptFolder(): string {
  const hash = createHash('sha256')
  const sources = globSync('packages/shared/src/**/*.ts', { cwd: root }).filter(
    (path) => !path.endsWith('.test.ts'),
  )
  for (const path of sources.toSorted()) hash.update(path).update(readFileSync(join(root, path)))
  return join(root, 'node_modules/.cache/simulation', hash.digest('hex').slice(0, 16))
}

/** Plays `count` watches from a seed on, or takes them from where they are kept. */
async function piece(scenario: WatchScenario, seed: number, count: number, kept: string) {
  const file = join(kept, `${seed}-${count}.json`)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as PlayedWatch[]
  const played: PlayedWatch[] = []
  for (let run = 0; run < count; run += 1) {
    const end = await playWatch(scenario, seed + run)
    played.push(end)
    if ((end.outcome === 'passed') !== scenario.isHealthy)
      console.log(`seed ${seed + run}, ${scenario.name}: ${end.outcome}: ${end.reason}`)
  }
  writeFileSync(`${file}.part`, JSON.stringify(played))
  renameSync(`${file}.part`, file)
  return played
}

async function play(scenario: WatchScenario, index: number, count: number, kept: string) {
  const played: PlayedWatch[] = []
  while (played.length < count) {
    const seed = firstSeed + seedsEach * index + played.length
    played.push(...(await piece(scenario, seed, Math.min(pieceOf, count - played.length), kept)))
  }
  console.log(`${scenario.name}: ${played.length}`)
  return played
}

const counted = (played: readonly PlayedWatch[], outcome: PlayedWatch['outcome']): number =>
  played.filter((each) => each.outcome === outcome).length

function healthyRow(name: string, played: readonly PlayedWatch[]): string[] {
  const sum = (of: (each: PlayedWatch) => number): number =>
    played.reduce((total, each) => total + of(each), 0)
  const failed = (100 * sum(({ failedLooks }) => failedLooks)) / sum(({ looks }) => looks)
  const outcomes = (['passed', 'held', 'triggered'] as const).map((outcome) => counted(played, outcome))
  return [name, ...[played.length, ...outcomes].map(String), `${failed.toFixed(2)} %`]
}

function faultyRow(name: string, played: readonly PlayedWatch[]): string[] {
  const found = played.filter(({ outcome }) => outcome !== 'passed')
  const after = median(found.map(({ afterMinutes }) => afterMinutes))
  const outcomes = [found.length, counted(found, 'held'), counted(found, 'triggered')]
  return [name, ...[played.length, ...outcomes].map(String), after?.toFixed(0) ?? '–']
}

if (import.meta.main) {
  const [healthyRuns = standard.healthy, faultyRuns = standard.faulty] = process.argv.slice(2).map(Number)
  const kept = keptFolder()
  mkdirSync(kept, { recursive: true })
  const healthy: string[][] = []
  const all: PlayedWatch[] = []
  const each = Math.ceil(healthyRuns / healthyWatches.length)
  const faulty: string[][] = []
  for (const [index, scenario] of faultyWatches.entries()) {
    const played = await play(scenario, healthyWatches.length + index, faultyRuns, kept)
    faulty.push(faultyRow(scenario.name, played))
  }
  for (const [index, scenario] of healthyWatches.entries()) {
    const played = await play(scenario, index, each, kept)
    healthy.push(healthyRow(scenario.name, played))
    all.push(...played)
  }
  healthy.push(healthyRow('**all**', all))
  const tables = {
    healthy: markdownTable(
      ['Healthy hours', 'watches', 'passed', 'held', 'triggered', 'looks at which a limit is broken'],
      healthy,
    ),
    faulty: markdownTable(
      ['Fault', 'watches', 'found', 'held', 'triggered', 'after, minutes (median)'],
      faulty,
    ),
  }
  console.log(`${tables.healthy}\n\n${tables.faulty}`)
  const isWhole = healthyRuns === standard.healthy && faultyRuns === standard.faulty
  const file = join(root, simulationDocument)
  if (isWhole) writeFileSync(file, replaceSections(readFileSync(file, 'utf8'), tables))
}
