import { describe, expect, it } from '@jest/globals'
import { comparisonOf, FakeForge } from '../github/forge.fixture.ts'
import type { Comparison } from '../github/forge.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { docsUpdated } from './docs-updated.ts'
import { runGates } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const record = recordOf({
  from: { recordId: 'x', commit: 'b'.repeat(40), at: '2026-11-20T10:00:00Z', components: [] },
})

async function ask(comparison: Comparison | undefined, mode = 'enforce', paths = '') {
  const forge = new FakeForge()
  forge.comparison = comparison
  const runbook = loadRunbook(`${TEN_LINES}gates: { documentation: { mode: ${mode}${paths} } }\n`, {
    file: 'runbook.yaml',
  })
  const [result] = await runGates(
    [docsUpdated],
    contextOf({ forge, runbook, record }),
    new AbortController().signal,
  )
  return result
}
const changing = (...files: string[]) => comparisonOf([], { total: 1, files })

describe('docs-updated', () => {
  it.each([
    ['CHANGELOG.md'],
    ['README.md'],
    ['services/worker/README.md'],
    ['docs/a/deep/page.md'],
    ['docs/.nav.yml'],
    ['runbook.yaml'],
    ['runbooks/kafka.md'],
  ])('takes %s for documentation', async (file) => {
    expect(await ask(changing('src/app.ts', file))).toMatchObject({
      verdict: 'pass',
      answer: `Changed: ${file}.`,
      value: '1 of 2 files',
    })
  })

  it.each([['src/docs.ts'], ['src/docs/page.ts'], ['NOT-README']])(
    'does not take %s for it',
    async (file) => {
      expect(await ask(changing(file))).toMatchObject({
        verdict: 'fail',
        answer: 'No documentation has changed.',
      })
    },
  )

  it('takes what the team calls documentation', async () => {
    expect(await ask(changing('wiki/page.md'), 'enforce', ', paths: [wiki/*]')).toMatchObject({
      verdict: 'pass',
    })
  })

  it('is not known where GitHub lists no more files, or cannot compare', async () => {
    const files = Array.from({ length: 300 }, (_, index) => `src/${index}.ts`)
    expect(await ask(comparisonOf([], { files, areAllFiles: false }))).toMatchObject({
      verdict: 'inconclusive',
    })
    expect(await ask(undefined)).toMatchObject({ verdict: 'inconclusive' })
  })

  it('is skipped where no file changes', async () => {
    expect(await ask(changing())).toMatchObject({ verdict: 'skipped' })
  })
})
