import { docsNotApplicable } from '../record/checklist.ts'
import { neededForge } from './forge-needed.ts'
import type { Answer, Gate, GateContext } from './gate.ts'
import { counted, whatItBrings } from './released-commits.ts'
import { ticketTicks } from './ticket-ticks.ts'

/** Documentation that changes with the code is documentation that is true. */
export const docsUpdated: Gate<'forge' | 'clock'> = {
  name: 'docs-updated',
  question: 'Documentation updated: README, runbooks, changelog updated',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.documentation.mode,
  query: ({ record }) =>
    `gh api 'repos/{owner}/{repo}/compare/${record.from?.commit ?? 'WHAT_RUNS'}...${record.commit}' --jq '.files[].filename'`,
  async measure(context, signal) {
    if (context.record.configuration !== undefined) {
      return { verdict: 'skipped', answer: 'A configuration change brings no code to be documented.' }
    }
    const found = await changedDocumentation(context, signal)
    return found.verdict === 'pass' || found.verdict === 'skipped'
      ? found
      : ((await notApplicable(context, found, signal)) ?? found)
  },
}

async function changedDocumentation(
  { record, runbook, forge }: GateContext<'forge'>,
  signal: AbortSignal,
): Promise<Answer> {
  const { paths } = runbook.gates.documentation
  const brought = await whatItBrings(record, neededForge(forge), signal)
  if (brought === undefined) {
    return { verdict: 'inconclusive', answer: 'GitHub cannot compare the release with what runs.' }
  }
  if (brought.files.length === 0) return { verdict: 'skipped', answer: `${record.version} changes no file.` }
  // A file of its own in the bundle: only this question needs it, and GitHub has answered by now.
  const { default: picomatch } = await import('picomatch')
  const patterns = paths.map((path) => picomatch(path, { dot: true, basename: !path.includes('/') }))
  const changed = brought.files.filter((file) => patterns.some((matches) => matches(file)))
  const numbers = {
    value: `${changed.length} of ${counted(brought.files.length, 'file')}`,
    limit: paths.join(', '),
    evidence: changed,
  }
  if (changed.length > 0) {
    const named = changed.slice(0, 5).join(', ')
    return { verdict: 'pass', answer: `Changed: ${named}${changed.length > 5 ? ' …' : ''}.`, ...numbers }
  }
  return brought.areAllFiles
    ? { verdict: 'fail', answer: 'No documentation has changed.', ...numbers }
    : {
        verdict: 'inconclusive',
        answer: `Not among the first ${brought.files.length} changed files, and GitHub lists no more.`,
        ...numbers,
      }
}

/** What a person has said in the ticket; undefined where nobody has. */
async function notApplicable(
  context: GateContext<'forge'>,
  found: Answer,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  if (context.record.ticket === undefined) return undefined
  const { ticket, answers } = await ticketTicks(
    [docsNotApplicable],
    context,
    neededForge(context.forge),
    signal,
  )
  const [said] = answers
  if (said?.tick.state !== 'ticked') return undefined
  const { by, at } = said.tick
  if (said.note === '') {
    return {
      ...found,
      answer: `${found.answer} ${by} ticked in #${ticket} that none need change, and gave no reason.`,
    }
  }
  return {
    verdict: 'skipped',
    answer: `Not applicable, says ${by} in #${ticket}: ${said.note}`,
    checklist: [{ line: docsNotApplicable.text, by, at: at.toISOString(), note: said.note }],
  }
}
