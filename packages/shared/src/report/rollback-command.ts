import { shellWord } from '../runbook/shell-word.ts'
import { fence } from './markdown.ts'

/** The command that rolls an environment back from a terminal, with nothing but a kubeconfig. */
export function rollbackCommand(
  {
    pipeline,
    environment,
    namespace,
  }: { readonly pipeline: string; readonly environment: string; readonly namespace: string },
  reason = '<why>',
  target = 'known-good',
): string {
  const flags = [
    ['--pipeline', pipeline],
    ['--environment', environment],
    ...(namespace === pipeline ? [] : [['--namespace', namespace]]),
    ...(target === 'known-good' ? [] : [['--target', target]]),
    ['--reason', reason],
  ]
  return `node actions/rollback/dist/index.js ${flags.map(([flag = '', value = '']) => `${flag} ${shellWord(value)}`).join(' ')}`
}

/**
 * The ways back, for whoever has to decide: one click, one command, and by hand what needs none of ours. Markdown.
 *
 * @param byHand commands of kubectl, in their order
 * @param lead how the sentence begins
 */
export function waysBack(
  place: Parameters<typeof rollbackCommand>[0],
  byHand: readonly string[],
  lead = '**Go back:**',
): string {
  return [
    `${lead} *Actions → Rollback → Run workflow*, or from a terminal:`,
    fence(rollbackCommand(place), 'bash'),
    'Or by hand, in this order; annotations and ConfigMaps stay as they are:',
    fence(byHand.join('\n'), 'bash'),
  ].join('\n\n')
}
