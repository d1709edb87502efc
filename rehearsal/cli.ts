// npm run rehearse: the whole thing on one machine. See rehearsal/README.md.
import { writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { messageOf, UserError } from '../packages/shared/src/errors.ts'
import { readOptions, usage, type Options } from './options.ts'
import { endpointsOf, playScenario, type Played } from './report.ts'
import { scenarios } from './scenarios/registry.ts'
import { serve } from './serve.ts'
import { Timeline } from './world/timeline.ts'
import { bootWorld, resetWorld, type World } from './world/world.ts'

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) console.log(usage)
  else if (options.list) for (const { name, title } of scenarios) console.log(`${name.padEnd(16)} ${title}`)
  else return rehearse(options)
  return true
}

async function rehearse(options: Options): Promise<boolean> {
  const timeline = new Timeline((line) => {
    console.log(line)
  })
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupted.abort(new UserError(`Interrupted by ${name}.`))
    })
  }
  const world = await bootWorld(timeline, options.existing)
  try {
    if (options.up) {
      await serve(world, timeline, interrupted.signal)
      return true
    }
    const played = await playAll(options, world, timeline, interrupted.signal)
    const reports = played.map(({ report }) => report)
    if (options.report !== undefined) {
      const [only] = reports
      await writeFile(options.report, `${JSON.stringify(reports.length === 1 ? only : reports, null, 2)}\n`)
    }
    if (options.summary !== undefined)
      await writeFile(options.summary, played.map(({ summaries }) => summaries).join('\n'))
    if (options.keep && !interrupted.signal.aborted) {
      printEndpoints(world)
      console.log('Everything stays up; Ctrl-C ends it.')
      await once(interrupted.signal, 'abort')
    }
    return reports.every(({ outcome }) => outcome === 'passed')
  } finally {
    await world.stop()
  }
}

async function playAll(
  options: Options,
  world: World,
  timeline: Timeline,
  signal: AbortSignal,
): Promise<Played[]> {
  const played: Played[] = []
  const ended = once(signal, 'abort').then(() => {
    throw signal.reason
  })
  for (const scenario of options.scenarios) {
    if (played.length > 0) await Promise.race([resetWorld(world), ended])
    played.push(await Promise.race([playScenario(scenario, world, timeline), ended]))
  }
  const reports = played.map(({ report }) => report)
  const held = reports.flatMap(({ checks }) => checks.filter(({ ok }) => ok))
  const failed = reports.flatMap(({ checks }) => checks.filter(({ ok }) => !ok))
  console.log('')
  for (const { scenario, outcome, checks } of reports)
    console.log(`${outcome === 'passed' ? '✔' : '✘'} ${scenario}: ${checks.length} checks`)
  console.log(`rehearsal: ${held.length} passed, ${failed.length} failed`)
  return played
}

function printEndpoints(world: World): void {
  for (const [name, value] of Object.entries(endpointsOf(world))) console.log(`  ${name.padEnd(12)} ${value}`)
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error(error instanceof UserError ? `${error.message}\n${error.next ?? ''}` : error)
  if (!(error instanceof Error)) console.error(messageOf(error))
  process.exitCode = 1
}
