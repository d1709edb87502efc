import { checklistOf } from '../record/checklist.ts'
import type { ChecklistAnswer } from '../record/gate-result.ts'
import { neededForge } from './forge-needed.ts'
import type { Answer, Gate } from './gate.ts'
import { counted } from './released-commits.ts'
import { ticketTicks, type AnsweredLine } from './ticket-ticks.ts'

/**
 * What no interface can answer, a person answers in the ticket. Before the approval is asked for, open lines are said; a
 * run waits then anyway, and they can be ticked meanwhile. With the approval all of them must be.
 */
export const checklist: Gate<'forge' | 'clock'> = {
  name: 'checklist',
  question: 'Pre-deployment checklist: the lines that a person answers',
  occasions: ['preflight', 'approve'],
  query: ({ record }) => `gh issue view ${record.ticket?.number ?? 'TICKET'} --json body`,
  async measure({ record, runbook, forge, occasion }, signal) {
    const { required } = checklistOf(record, runbook)
    if (required.length === 0) {
      return { verdict: 'skipped', answer: `A ${record.class} change has no line that a person must answer.` }
    }
    const { ticket, answers } = await ticketTicks(required, { record, runbook }, neededForge(forge), signal)
    return answerOf(ticket, answers, occasion === 'approve')
  },
}

function answerOf(ticket: number, answers: readonly AnsweredLine[], isLast: boolean): Answer {
  const open = answers.filter(({ tick }) => tick.state !== 'ticked')
  const value = `${answers.length - open.length} of ${answers.length} ticked`
  const shared = { value, evidence: answers.map(evidenceLine), checklist: answers.map(kept) }
  if (open.length === 0) {
    const people = new Set(answers.flatMap(({ tick }) => (tick.state === 'ticked' ? [tick.by] : [])))
    return { verdict: 'pass', answer: `All ticked in #${ticket} by ${[...people].join(', ')}.`, ...shared }
  }
  const names = open.map(({ line }) => `"${line.text.split(':', 1)[0] ?? ''}"`).join(', ')
  return isLast
    ? { verdict: 'fail', answer: `Not ticked in #${ticket}: ${names}.`, ...shared }
    : {
        verdict: 'warn',
        answer: `${counted(open.length, 'line')} to tick in #${ticket} before approving: ${names}.`,
        ...shared,
      }
}

function evidenceLine({ line, tick, note }: AnsweredLine): string {
  const said = note === '' ? '' : ` (${note})`
  switch (tick.state) {
    case 'ticked':
      return `[x] ${line.text}${said}: ${tick.by}, ${tick.at.toISOString()}`
    case 'open':
      return `[ ] ${line.text}`
    case 'unattributed':
      return `[?] ${line.text}: ${tick.why}`
  }
}

function kept({ line, tick, note }: AnsweredLine): ChecklistAnswer {
  return {
    line: line.text,
    ...(tick.state === 'ticked' && { by: tick.by, at: tick.at.toISOString() }),
    ...(note !== '' && { note }),
  }
}
