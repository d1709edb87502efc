// npm test: every tier, from the fastest to the slowest. Ends with one line that counts all of them.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const root = join(import.meta.dirname, '..')
const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  success: z.boolean(),
})
const scenariosSchema = z.union([
  z.object({ checks: z.array(z.object({ ok: z.boolean() })) }).transform((one) => [one]),
  z.array(z.object({ checks: z.array(z.object({ ok: z.boolean() })) })),
])

interface Count {
  passed: number
  failed: number
}

/** A part of the tests: what it runs, and how it counts. A tool that only says yes or no counts as one. */
interface Tier {
  readonly name: string
  readonly command: readonly string[]
  readonly count?: (report: string) => Count
  /** Where the tool writes what `count` reads. */
  readonly reportFlag?: string
}

const jest = ['node', '--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js']

/**
 * Scenarios that together touch every action, every job of the workflow and every class of failure, in the time that a
 * test may take. `npm run rehearse -- --scenario all` plays every one.
 */
const played = [
  'rolling',
  'window-closed',
  'staging-fails',
  'bad-image',
  'crash-loop',
  'error-spike',
  'rollback',
] as const

const tiers: readonly Tier[] = [
  { name: 'types', command: ['tsc'] },
  { name: 'lint', command: ['node', 'scripts/lint.ts'] },
  { name: 'unit', command: [...jest, '--json'], reportFlag: '--outputFile', count: countJest },
  { name: 'cluster program', command: ['node', 'scripts/test-cluster.ts'] },
  { name: 'bundles', command: ['node', 'scripts/test-bundles.ts'] },
  {
    name: 'real servers',
    command: ['node', 'scripts/test-servers.ts', '--json'],
    reportFlag: '--outputFile',
    count: countJest,
  },
  {
    name: 'scenarios',
    command: ['node', 'rehearsal/cli.ts', ...played.flatMap((name) => ['--scenario', name])],
    reportFlag: '--report',
    count: countScenarios,
  },
]

function countJest(report: string): Count {
  const { numPassedTests, numFailedTests, numPendingTests, success } = reportSchema.parse(JSON.parse(report))
  if (numPendingTests > 0)
    throw new Error(`${numPendingTests} tests were skipped: a skipped test shows nothing.`)
  return { passed: numPassedTests, failed: numFailedTests === 0 && !success ? 1 : numFailedTests }
}

function countScenarios(report: string): Count {
  const checks = scenariosSchema.parse(JSON.parse(report)).flatMap((scenario) => scenario.checks)
  return { passed: checks.filter(({ ok }) => ok).length, failed: checks.filter(({ ok }) => !ok).length }
}

async function run({ name, command, count, reportFlag }: Tier, folder: string): Promise<Count> {
  console.log(`\n── ${name} ──`)
  const file = join(folder, 'report.json')
  await rm(file, { force: true })
  const [program = '', ...args] = reportFlag === undefined ? command : [...command, reportFlag, file]
  const began = performance.now()
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const yesOrNo: Count = code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  const counted = count === undefined ? yesOrNo : await readFile(file, 'utf8').then(count, () => yesOrNo)
  // A tool that ended badly has failed at something, also where its report does not say so.
  if (code !== 0 && counted.failed === 0) counted.failed = 1
  console.log(
    `── ${name}: ${counted.passed} passed, ${counted.failed} failed, ${((performance.now() - began) / 1000).toFixed(0)} s`,
  )
  return counted
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !tiers.some((tier) => tier.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no tier ${unknown.join(', ')}. They are: ${tiers.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}
const folder = await mkdtemp(join(tmpdir(), 'runbook-test-'))
const total: Count = { passed: 0, failed: 0 }
for (const tier of tiers.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const { passed, failed } = await run(tier, folder)
  total.passed += passed
  total.failed += failed
}
await rm(folder, { recursive: true, force: true })
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
