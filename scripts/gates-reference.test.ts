import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registry } from '../packages/shared/src/gates/registry.ts'
import { GATES } from '../packages/shared/src/runbook/schema/names.ts'
import { root } from './generated-files.ts'

const reference = readFileSync(join(root, 'docs/gates.md'), 'utf8')
/** Text by heading. */
const sections = new Map(
  reference
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n')
      return [section.slice(0, end), section.slice(end)] as const
    }),
)
/** What holds for all of them stands before the first. */
const common = ['How a release is watched', 'Modes']

describe('docs/gates.md', () => {
  it('has a section for every gate, in the order of the registry, then for those of a team, and for nothing else', () => {
    expect([...sections.keys()]).toEqual([...common, ...registry.map(({ name }) => name), 'command'])
  })

  it.each(registry.map((gate) => [gate.name, gate] as const))(
    'quotes question and occasions of %s',
    (name, gate) => {
      const section = sections.get(name) ?? ''
      expect(section).toContain(`> ${gate.question}\n`)
      const asked = /- \*\*Asked\*\* in ([^.,:]*)/.exec(section)?.[1] ?? ''
      expect([...asked.matchAll(/`([\w-]+)`/g)].map(([, occasion]) => occasion)).toEqual(gate.occasions)
    },
  )

  it('tells of every gate of the runbook file who asks it', () => {
    // A gate may have another name than its section of the file, which stands with its mode then.
    const modes = [...reference.matchAll(/- \*\*Mode\*\*: `gates\.([\w-]+)(?:\.<name>)?\.mode`/g)].map(
      ([, name]) => name,
    )
    const asked = new Set([...registry.map(({ name }) => name), ...modes])
    expect(GATES.filter((name) => !asked.has(name))).toEqual([])
  })
})
