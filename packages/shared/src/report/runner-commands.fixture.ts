/**
 * How a runner finds commands in what a step prints, as the oracle of tests: both of its grammars, the splitting into
 * lines, and the trimming of .NET. After `actions/runner`, ActionCommand.cs and ActionCommandManager.cs.
 */

/** Every command that the runner knows, and one that stands for the token of stop-commands. */
export const commandNames = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'internal-set-repo-path',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
  'token',
]

const known = new Set(commandNames)

/** The commands in a printed text, in order. */
export function commandsIn(printed: string): string[] {
  return printed.split(/\r\n|\r|\n/u).flatMap((line) => commandIn(line) ?? [])
}

function commandIn(line: string): string | undefined {
  return colonForm(line) ?? bracketForm(line)
}

/** `::name key=value::data`, after leading white space. */
function colonForm(line: string): string | undefined {
  const text = line.replace(
    /^[\t-\r\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u,
    '',
  )
  if (!text.startsWith('::')) return undefined
  const end = text.indexOf('::', 2)
  return end < 0 ? undefined : knownName(text.slice(2, end))
}

/** `##[name key=value;]data`, anywhere. Only the first `##[` of a line counts. */
function bracketForm(line: string): string | undefined {
  const start = line.indexOf('##[')
  const end = start < 0 ? -1 : line.indexOf(']', start)
  return end < 0 ? undefined : knownName(line.slice(start + 3, end))
}

function knownName(info: string): string | undefined {
  const name = info.split(' ', 1).join('').toLowerCase()
  return known.has(name) ? name : undefined
}
