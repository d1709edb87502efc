import type { z } from 'zod'
import { choicesOf, defaultOf, descriptionOf, secretOf, traitsOf, type InputSchema } from './input-types.ts'

export interface HelpSubject {
  readonly name: string
  readonly description: string
  readonly inputs: InputSchema
}

const widthChars = 100

/** What `--help` prints: required flags first, then the others with their defaults, then where secrets come from. */
export function helpText({ name, description, inputs }: HelpSubject): string {
  const all = Object.entries(inputs.shape)
  const flags = all.filter(([, input]) => secretOf(input) === undefined)
  const secrets = all.filter(([, input]) => secretOf(input) !== undefined)
  const required = flags.filter(([, input]) => isRequired(input))
  const usage = required.map(([flag, input]) => `--${flag} ${placeholder(input)}`).join(' ')
  return [
    wrapped(`${name}: ${description}`, ''),
    `Usage:\n  node ${name}.mjs ${[usage, '[flags]'].filter(Boolean).join(' ')}`,
    section('You must give', required.map(describedFlag)),
    section('You may give', [
      ...flags.filter(([, input]) => !isRequired(input)).map(describedFlag),
      entry('--help', 'Shows this text and does nothing.'),
    ]),
    section('Secrets (environment variables, or files; never flags)', secrets.map(describedSecret)),
    'It ends with exit code 0 only if it passed.',
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

type NamedInput = readonly [string, z.core.$ZodType]

function describedFlag([flag, input]: NamedInput): string {
  const value = traitsOf(input).isSwitch ? '' : ` ${placeholder(input)}`
  const choices = traitsOf(input).isSwitch || value.includes('|') ? undefined : choicesOf(input)
  const standard = defaultOf(input)
  const notes = [
    choices === undefined ? '' : `One of: ${choices.join(', ')}.`,
    standard === undefined || standard === false ? '' : `Default: ${shown(standard)}.`,
  ]
  return entry(`--${flag}${value}`, [descriptionOf(input) ?? '', ...notes].filter(Boolean).join(' '))
}

function describedSecret([name, input]: NamedInput): string {
  const needed = isRequired(input) ? 'Required.' : ''
  const variable = secretOf(input)?.env ?? ''
  return entry(
    `${variable}, or --${name}-file <path>`,
    [descriptionOf(input) ?? '', needed].filter(Boolean).join(' '),
  )
}

function section(title: string, entries: readonly string[]): string {
  return entries.length === 0 ? '' : `${title}:\n${entries.join('\n')}`
}

function entry(head: string, text: string): string {
  return text === '' ? `  ${head}` : `  ${head}\n${wrapped(text, '      ')}`
}

function isRequired(input: z.core.$ZodType): boolean {
  return input._zod.optin === undefined
}

function placeholder(input: z.core.$ZodType): string {
  const choices = choicesOf(input)?.join('|') ?? ''
  return `<${traitsOf(input).placeholder ?? (/^.{1,40}$/u.test(choices) ? choices : 'value')}>`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function wrapped(text: string, indent: string): string {
  const lines = ['']
  for (const word of text.split(/\s+/u)) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (indent.length + line.length + 1 + word.length <= widthChars)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => indent + line).join('\n')
}
