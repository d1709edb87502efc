import { describe, expect, it } from '@jest/globals'
import { recordOf } from '../record/record.fixture.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { withWindowOverride } from '../record/override.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { deploymentWindow, windowStillOpen } from './deployment-window.ts'
import { runGates, type Gate } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const runbook = loadRunbook(
  `${TEN_LINES}window: { time-zone: Europe/Berlin, hours: "Mon-Fri 09:00-17:00", holidays: DE-BE }\nchanges: { hotfix: { window: any } }\n`,
  { file: 'runbook.yaml' },
)
const clockAt = (time: string) => ({ now: () => new Date(time) })
const holidays = {
  region: 'DE-BE',
  until: '2026-05-01',
  dates: [{ date: '2026-04-03', name: 'Good Friday' }],
}
async function ask(
  record: DeploymentRecord,
  now: string,
  gate: Gate<'clock'> = deploymentWindow,
  book = runbook,
) {
  const context = contextOf({ runbook: book, record, clock: clockAt(now) })
  const [result] = await runGates([gate], context, new AbortController().signal)
  return result
}
const wednesday = '2026-04-01T08:00:00Z'
const maundyThursday = '2026-04-02T08:00:00Z'

describe('deployment-window', () => {
  it('judges by the holidays in the record', async () => {
    expect(await ask(recordOf({ holidays }), wednesday)).toMatchObject({ verdict: 'pass' })
    expect(await ask(recordOf({ holidays }), maundyThursday)).toMatchObject({
      verdict: 'fail',
      answer: expect.stringContaining('the day before a holiday (Good Friday)') as unknown,
    })
  })

  it.each<[string, DeploymentRecord, string]>([
    ['has none', recordOf(), 'does not say which days are holidays in DE-BE'],
    [
      'has those of another region',
      recordOf({ holidays: { ...holidays, region: 'DE-NW' } }),
      'has the holidays of DE-NW, the runbook file asks for those of DE-BE',
    ],
    [
      'does not reach so far',
      recordOf({ holidays: { ...holidays, until: '2026-04-01' } }),
      'until 2026-04-01 only',
    ],
  ])('does not know where the record %s', async (_, record, answer) => {
    expect(await ask(record, wednesday)).toMatchObject({
      verdict: 'unknown',
      answer: expect.stringContaining(answer) as unknown,
    })
  })

  it('asks for no holidays where the change may ship at any time', async () => {
    expect(await ask(recordOf({ class: 'hotfix' }), maundyThursday)).toMatchObject({ verdict: 'pass' })
  })

  it.each([
    ['an avoided time', recordOf({ holidays })],
    ['days that nobody knows', recordOf()],
  ])('warns about %s where a person gave a reason', async (_, record) => {
    const overridden = withWindowOverride(record, 'data loss is worse', 'rosa', clockAt(maundyThursday))
    expect(await ask(overridden, maundyThursday)).toMatchObject({
      verdict: 'warn',
      answer: expect.stringContaining('Overridden by rosa: data loss is worse') as unknown,
    })
  })

  it('between components asks for the time of the watch alone, and never more than warns', async () => {
    // Rollout and watch need 1 h 10 min, the watch alone 1 h; Friday afternoon begins at 12:00 in Berlin.
    const record = recordOf({ holidays: { ...holidays, dates: [] } })
    const [enough, late] = ['2026-04-10T08:55:00Z', '2026-04-10T09:05:00Z']
    expect(await ask(record, enough)).toMatchObject({ verdict: 'fail' })
    expect(await ask(record, enough, windowStillOpen)).toMatchObject({ verdict: 'pass' })
    expect(await ask(record, late, windowStillOpen)).toMatchObject({
      gate: 'deployment-window',
      verdict: 'warn',
      answer: expect.stringContaining('Friday afternoon') as unknown,
    })
  })
})
