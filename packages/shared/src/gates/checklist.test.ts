import { describe, expect, it } from '@jest/globals'
import { FakeForge } from '../github/forge.fixture.ts'
import type { TicketVersion } from '../github/forge.ts'
import { checklistHeading, checklistOf, taskLine, type ChecklistLine } from '../record/checklist.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { checklist } from './checklist.ts'
import { runGates } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const runbook = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })
const record = recordOf()
const lines = checklistOf(record, runbook).required
const { signal } = new AbortController()

function bodyWith(ticked: readonly ChecklistLine[]): string {
  const tasks = lines.map((line) => {
    const task = { isTicked: ticked.includes(line), text: '', behind: '' }
    return taskLine(line, task, (text) => text)
  })
  return ['The way back is below.', '', checklistHeading, '', ...tasks, '', 'Text.'].join('\n')
}

/** The ticket as it stands, after what these have made of it. */
class TicketForge extends FakeForge {
  readonly #versions: readonly TicketVersion[]

  constructor(versions: readonly TicketVersion[]) {
    super()
    this.#versions = versions
  }

  override findTicket() {
    const body = this.#versions.at(-1)?.body ?? ''
    return Promise.resolve({ number: 412, url: 'https://github.example/412', labels: [], body })
  }

  override ticketVersions() {
    return Promise.resolve(this.#versions)
  }
}

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 23, 10, minute))
const opened: TicketVersion = { body: bodyWith([]), at: at(0), by: 'github-actions', isPerson: false }

const ask = async (versions: readonly TicketVersion[], occasion: 'preflight' | 'approve', more = {}) => {
  const context = contextOf({
    runbook,
    record: { ...record, ...more },
    occasion,
    forge: new TicketForge(versions),
  })
  const [result] = await runGates([checklist], context, signal)
  return result
}

describe('the checklist of the ticket', () => {
  const all: TicketVersion = { body: bodyWith(lines), at: at(5), by: 'rosa', isPerson: true }

  it('passes where a person has ticked every line, and keeps who and when', async () => {
    const result = await ask([opened, all], 'approve')
    expect(result).toMatchObject({
      verdict: 'pass',
      answer: 'All ticked in #412 by rosa.',
      value: '4 of 4 ticked',
    })
    expect(result?.checklist).toEqual(
      lines.map(({ text }) => ({ line: text, by: 'rosa', at: at(5).toISOString() })),
    )
  })

  it.each([
    ['preflight', 'warn', '4 lines to tick in #412 before approving: "Load test", '],
    ['approve', 'fail', 'Not ticked in #412: "Load test", '],
  ] as const)('in %s open lines are %s', async (occasion, verdict, answer) => {
    expect(await ask([opened], occasion)).toMatchObject({ verdict, answer: expect.stringContaining(answer) })
  })

  it('names what is open, and only that', async () => {
    const some = { ...all, body: bodyWith(lines.slice(1)) }
    expect(await ask([opened, some], 'approve')).toMatchObject({
      verdict: 'fail',
      answer: 'Not ticked in #412: "Load test".',
      value: '3 of 4 ticked',
    })
  })

  it('takes no tick of a workflow for an answer', async () => {
    const machine = { ...all, by: 'github-actions', isPerson: false }
    expect((await ask([opened, machine], 'approve'))?.verdict).toBe('fail')
  })

  it('asks nothing of a class that has no lines, and more of a major change', async () => {
    expect((await ask([opened], 'approve', { class: 'patch' }))?.verdict).toBe('skipped')
    const major = await ask([opened, all], 'approve', { class: 'major' })
    expect(major).toMatchObject({ verdict: 'fail', answer: expect.stringContaining('"Canary strategy"') })
  })

  it('is unknown without a forge', async () => {
    const context = contextOf({ runbook, record, occasion: 'approve' })
    expect(await runGates([checklist], context, signal)).toMatchObject([{ verdict: 'unknown' }])
  })
})
