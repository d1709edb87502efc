import { parseArgs } from 'node:util'
import { messageOf, UserError } from '../packages/shared/src/errors.ts'
import { scenarios } from './scenarios/registry.ts'
import type { Scenario } from './scenarios/scenario.ts'
import type { Existing } from './world/world.ts'

export interface Options {
  readonly scenarios: readonly Scenario[]
  readonly list: boolean
  readonly help: boolean
  /** Boot and wait for pushes. */
  readonly up: boolean
  /** Leave all running when the scenarios have ended. */
  readonly keep: boolean
  /** Parts that run already and stand in for those that would be booted. */
  readonly existing: Existing
  readonly report: string | undefined
  readonly summary: string | undefined
}

export const usage = `Usage: npm run rehearse -- [options]

  --scenario NAME   one or several (repeat it), or "all"; default: rolling
  --list            list the scenarios
  --up              boot everything and wait: push a tag, watch it deploy
  --keep            leave everything running afterwards, until Ctrl-C
  --kubeconfig FILE use this cluster instead of booting one; needs --images
  --images DIR      the folder from which that cluster’s nodes take their images
  --kafka HOST:PORT use this broker instead of booting one; several with commas
  --prometheus URL  use this Prometheus instead of booting one; needs --kubeconfig
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
  const existing = existingParts(values)
  return {
    scenarios: chosen(names, existing),
    list: values.list ?? false,
    help: values.help ?? false,
    up: values.up ?? false,
    keep: values.keep ?? false,
    existing,
    report: values.report,
    summary: values.summary,
  }
}

/** Without those that do something to the cluster, where it is somebody else's. */
function chosen(names: readonly string[], { cluster }: Existing): readonly Scenario[] {
  const wanted = names.includes('all') ? scenarios : scenarios.filter(({ name }) => names.includes(name))
  const [needy] = wanted.filter(
    ({ name, needsOwnCluster }) => needsOwnCluster === true && names.includes(name),
  )
  if (cluster === undefined) return wanted
  if (needy !== undefined) {
    throw new UserError(
      `The scenario ${needy.name} does something to its cluster that is not done to somebody else’s.`,
      'Leave --kubeconfig out.',
    )
  }
  return wanted.filter(({ needsOwnCluster }) => needsOwnCluster !== true)
}

interface GivenParts {
  readonly kubeconfig?: string | undefined
  readonly images?: string | undefined
  readonly kafka?: string | undefined
  readonly prometheus?: string | undefined
}

function existingParts({ kubeconfig, images, kafka, prometheus }: GivenParts): Existing {
  if ((kubeconfig === undefined) !== (images === undefined)) {
    throw new UserError(
      '--kubeconfig and --images belong together.',
      'The example’s services are image folders of the rehearsal’s own container runtime, not images of a registry: name the folder that was given to "cluster up --images". See rehearsal/README.md.',
    )
  }
  const brokers = kafka?.split(',').map((broker) => broker.trim())
  const wrong = brokers?.filter((broker) => !/^[^\s:]+:\d+$/.test(broker)) ?? []
  if (wrong.length > 0)
    throw new UserError(
      `--kafka is wrong: "${wrong.join('", "')}".`,
      'Give it as host:port, several with commas.',
    )
  if (prometheus !== undefined && !/^https?:\/\/[^\s/]+/.test(prometheus)) {
    throw new UserError(
      `--prometheus is wrong: "${prometheus}".`,
      'Give it as http://host:port, with its path prefix if it has one.',
    )
  }
  if (prometheus !== undefined && kubeconfig === undefined) {
    throw new UserError(
      '--prometheus needs --kubeconfig.',
      'A Prometheus that runs already knows the pods of a cluster that runs already, not those of one that is booted now.',
    )
  }
  return {
    ...(kubeconfig !== undefined && images !== undefined && { cluster: { kubeconfig, images } }),
    ...(brokers !== undefined && { kafka: brokers }),
    ...(prometheus !== undefined && { prometheus }),
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
        kubeconfig: { type: 'string' },
        images: { type: 'string' },
        kafka: { type: 'string' },
        prometheus: { type: 'string' },
        report: { type: 'string' },
        summary: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UserError(messageOf(error), usage)
  }
}
