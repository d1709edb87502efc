// node scripts/simulate-lag.ts: plays the rules of lag on simulated pipelines, and writes the table of how well they work.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../packages/shared/src/decide/median.ts'
import { playWatch, type PlayedWatch } from '../packages/shared/src/decide/lag-simulation.fixture.ts'
import { faults, healthy, type Scenario } from '../packages/shared/src/decide/lag-scenarios.fixture.ts'
import { root, writeOrCheck } from './generated-files.ts'

export const simulationDocument = 'docs/decisions/0013-lag-trend.md'

const healthyRuns = 2_000
const faultRuns = 100

/** What the table depends on. */
const sources = [
  'group-lag',
  'lag-reading',
  'lag-scenarios.fixture',
  'lag-simulation.fixture',
  'lag-trend',
  'median',
  'normal-lag',
  'trend-statistics',
  'watched-lag',
].map((name) => `packages/shared/src/decide/${name}.ts`)

/** Changes with every rule, scenario and number of the simulation. */
export function simulationFingerprint(): string {
  const hash = createHash('sha256')
  for (const path of sources) hash.update(readFileSync(join(root, path)))
  return hash.digest('hex').slice(0, 16)
}

function row(scenario: Scenario, played: readonly PlayedWatch[]): string {
  const ended = (outcome: PlayedWatch['outcome']): number =>
    played.filter((each) => each.outcome === outcome).length
  const looks = played.reduce((sum, each) => sum + each.looks, 0)
  const failed = played.reduce((sum, each) => sum + each.failedLooks, 0)
  const first = median(played.flatMap(({ firstFailedMinute }) => firstFailedMinute ?? []))
  const found = played.filter(({ firstFailedMinute }) => firstFailedMinute !== undefined).length
  const share = `${((100 * failed) / looks).toFixed(1)} %`
  const cells =
    scenario.kind === 'healthy'
      ? [played.length, ended('passed'), ended('held'), ended('triggered'), share]
      : [
          played.length,
          found,
          first?.toFixed(1) ?? '–',
          ended('held') + ended('triggered'),
          ended('triggered'),
        ]
  return `| ${[scenario.name, ...cells].join(' | ')} |`
}

function play(scenario: Scenario, runs: number, firstSeed: number): string {
  return row(
    scenario,
    Array.from({ length: runs }, (_, run) => playWatch(scenario, firstSeed + run, run % 2 === 0)),
  )
}

if (import.meta.main) {
  const each = Math.ceil(healthyRuns / healthy.length)
  const table = [
    '| Healthy hours | runs | passed | held | triggered | looks that fail |',
    '|---|--:|--:|--:|--:|--:|',
    ...healthy.map((scenario, index) => play(scenario, each, 10_000 * (index + 1))),
    '',
    '| Fault | runs | found by a look | after, minutes (median) | watch not passed | of these by the trigger |',
    '|---|--:|--:|--:|--:|--:|',
    ...faults.map((scenario, index) => play(scenario, faultRuns, 100_000 * (index + 1))),
  ].join('\n')
  const text = readFileSync(join(root, simulationDocument), 'utf8')
  const marks = /(<!-- simulation)[^>]*(-->\n)[\s\S]*(<!-- \/simulation -->)/
  const written = text.replace(marks, `$1 ${simulationFingerprint()} $2\n${table}\n\n$3`)
  await writeOrCheck(new Map([[simulationDocument, written]]), 'scripts/simulate-lag.ts')
}
