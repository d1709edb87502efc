import { parseArgs } from 'node:util'
import { messageOf, UserError } from '../packages/shared/src/errors.ts'
import { scenarios } from './scenarios/registry.ts'
import type { Scenario } from './scenarios/scenario.ts'

export interface Options {
  readonly scenarios: readonly Scenario[]
  readonly list: boolean
  readonly help: boolean
  /** Boot and wait for pushes. */
  readonly up: boolean
  /** Leave all running when the scenarios have ended. */
  readonly keep: boolean
  readonly report: string | undefined
  readonly summary: string | undefined
}

export const usage = `Usage: npm run rehearse -- [options]

  --scenario NAME   one or several (repeat it), or "all"; default: rolling
  --list            list the scenarios
  --up              boot everything and wait: push a tag, watch it deploy
  --keep            leave everything running afterwards, until Ctrl-C
  --report FILE     write what was found as JSON
  --summary FILE    write what the runs show on their summary pages, as Markdown`

/** @throws UserError for flags and scenarios that do not exist */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args)
  const names = values.scenario ?? ['rolling']
  const unknown = names.filter(
    (name) => name !== 'all' && !scenarios.some((scenario) => scenario.name === name),
  )
  if (unknown.length > 0) {
    const known = scenarios.map(({ name }) => name).join(', ')
    throw new UserError(`There is no scenario ${unknown.join(', ')}.`, `The scenarios are: ${known}, all.`)
  }
  return {
    scenarios: names.includes('all') ? scenarios : scenarios.filter(({ name }) => names.includes(name)),
    list: values.list ?? false,
    help: values.help ?? false,
    up: values.up ?? false,
    keep: values.keep ?? false,
    report: values.report,
    summary: values.summary,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        list: { type: 'boolean' },
        help: { type: 'boolean' },
        up: { type: 'boolean' },
        keep: { type: 'boolean' },
        report: { type: 'string' },
        summary: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UserError(messageOf(error), usage)
  }
}
