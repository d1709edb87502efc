import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { TEN_LINES } from './example.ts'
import { generatedFiles } from './generated-files.ts'

const root = join(import.meta.dirname, '../../../..')
const files = generatedFiles()

describe('the generated files', () => {
  it.each([...files.keys()])('%s is fresh (else: node scripts/schema.ts)', async (path) => {
    expect(await readFile(join(root, path), 'utf8')).toBe(files.get(path))
  })
})

describe('the reference', () => {
  const reference = files.get('docs/runbook-file.md') ?? ''

  it('begins with the ten lines', () => {
    expect(reference.indexOf(TEN_LINES)).toBeGreaterThan(0)
    expect(reference.indexOf(TEN_LINES)).toBeLessThan(reference.indexOf('\n## '))
  })

  it('has tables of four columns, with pipes escaped', () => {
    const rows = reference.split('\n').filter((line) => line.startsWith('|'))
    expect(rows.length).toBeGreaterThan(150)
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6)
  })

  it.each([
    '| `consumer-lag.max` | whole number | `5000` | Lag of a group stays below this, in messages over all its partitions. |',
    '| `[].deployment` | name | **required** | Name of the Deployment. |',
    '| `<name>.soak` | duration | `15m` | How long a version must run here without a failure before it may go on to the next environment. |',
    '| `triggers[].grows-by` | whole number | **required** | `consumer-lag`: Messages above the baseline before the deployment, and still growing. |',
    '| `tls` | `true`, `false` or section | `false` | Encrypt the connection; a mapping names certificates of your own. |',
  ])('has the row %s', (row) => {
    expect(reference.split('\n')).toContain(row)
  })
})
