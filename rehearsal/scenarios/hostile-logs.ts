import { recordSchema } from '../../packages/shared/src/record/schema.ts'
import { production } from '../world/environment.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import type { Scenario } from './scenario.ts'
import { checkNoTag, checkRed } from './untouched.ts'

/** Put together here, so that no scanner takes it for a secret that somebody has lost. */
const secret = ['ghp', 'q7Lw2ZkV9xTn4RbM1cYd8HsF3gJp6KaE0uWi'].join('_')
const password = ['correct', 'horse', 'battery'].join('-')
const escape = '\u001b'

/** Each holds the word that makes it evidence: what is quoted is what could do harm. */
const lines = [
  '::add-mask::Error lines',
  '::set-output name=outcome::passed error',
  '::error::pwned ##[set-env name=PWNED;]error ##[error]pwned',
  `${escape}[31mERROR${escape}[0m${escape}]0;pwned\u0007 \u202e token ${secret} password=${password}`,
  `ERROR ${'x'.repeat(100_000)}`,
  '::stop-commands::error',
]

/** What a service logs, anybody can have written: into a file name, a message, a header. */
export const hostileLogs: Scenario = {
  name: 'hostile-logs',
  title:
    'a service logs runner commands, escapes and secrets: quoted as evidence, and none of them takes effect',
  async play(stage) {
    const { world, checks } = stage
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { logs: lines } },
    })
    const { result } = deployed
    const summaries = result.jobs.flatMap((job) => job.summaries).join('\n')
    const printed = `${result.log}\n${summaries}`
    await checkRed(stage, deployed, /startup-logs is fail: Error lines in the startup logs/)
    await checks.that('the lines are quoted as evidence', () => says(summaries, 'add-mask::Error lines'))
    // A mask hides all that is printed after it.
    await checks.that('no word was masked', () => says(result.log, /Finish.*Error lines in the startup logs/))
    await checks.that('no annotation was made of a line', () => {
      const made = result.annotations.filter(({ message }) => /^\s*pwned/.test(message))
      return equal(made, [])
    })
    await checks.that('the outputs are our own', () => {
      const steps = result.jobs.flatMap((job) => job.steps)
      const names = [...new Set(steps.flatMap(({ outputs }) => Object.keys(outputs)))].sort()
      const validated = steps.findLast(({ id }) => id === 'validate')?.outputs
      return equal(
        [validated?.outcome, names.filter((name) => /pwned/i.test(name)), printed.includes('PWNED=')],
        ['failed', [], false],
      )
    })
    await checks.that('the record came through whole', () => {
      const validated = result.jobs.flatMap((job) => job.steps).findLast(({ id }) => id === 'validate')
      const record = recordSchema.safeParse(JSON.parse(validated?.outputs.record ?? 'null'))
      return { ok: record.success, found: record.data?.phases.at(-1)?.outcome ?? '' }
    })
    await checks.that('no terminal escape and no hidden character is left', () =>
      equal([printed.includes(escape), printed.includes('\u202e')], [false, false]),
    )
    await checks.that('a huge line is cut', () => {
      const longest = Math.max(...(printed.match(/x{100,}/g) ?? ['']).map(({ length }) => length))
      return { ok: longest > 0 && longest <= 2048, found: `${longest} characters of it` }
    })
    await checks.that(
      'what looks like a secret is hidden: in log, summaries and the kept record',
      async () => {
        const path = `records/kafka-pipeline/production/v1.1.0/${String(deployed.run.runId)}-1.json`
        const kept = await world.repository.inBare('show', `deployment-log:${path}`)
        const found = [printed, kept].flatMap((text) =>
          [secret, password].filter((word) => text.includes(word)),
        )
        return equal(found, [])
      },
    )
    await checkNoTag(stage)
    await checkInvariants(stage, deployed)
  },
}
