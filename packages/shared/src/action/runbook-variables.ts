import * as z from 'zod'
import type { Environment } from '../runbook/template.ts'
import { json, secret } from './input-types.ts'
import type { ActionContext } from './run.ts'

/** `NAME=value`: the value is the rest of the line, as it is. */
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/
/** `NAME<<END`: the value is what follows, up to the line `END`. */
const OPENING = /^([A-Za-z_]\w*)<<(.+)$/

/** Assignments as in the file of GITHUB_ENV, by name. No message of it tells a value. */
const assignments = z.string().transform((text, context) => {
  const lines = text.split(/\r?\n/)
  const found: Record<string, string> = {}
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line.trim() === '') continue
    const [, name, value] = ASSIGNMENT.exec(line) ?? []
    if (name !== undefined && value !== undefined) {
      found[name] = value
      continue
    }
    const [, opened, end] = OPENING.exec(line) ?? []
    if (opened === undefined || end === undefined) {
      context.addIssue({ code: 'custom', message: `line ${at + 1} is neither NAME=value nor NAME<<END` })
      return z.NEVER
    }
    const close = lines.indexOf(end, at + 1)
    if (close < 0) {
      context.addIssue({
        code: 'custom',
        message: `line ${at + 1} opens ${opened}, which no line ${end} closes`,
      })
      return z.NEVER
    }
    found[opened] = lines.slice(at + 1, close).join('\n')
    at = close
  }
  return found
})

/** The inputs that say what `${NAME}` in the runbook file stands for. */
export const variableInputs = {
  variables: json(z.record(z.string(), z.string()))
    .optional()
    .describe(
      'What ${NAME} in the runbook file stands for where the job’s environment has no such variable, as JSON: toJSON(vars).',
    ),
  'secret-variables': secret(assignments, { env: 'RUNBOOK_SECRETS' })
    .optional()
    .describe(
      'The same for secrets, which are masked: lines NAME=value; for several lines NAME<<END_OF_NAME … END_OF_NAME, as in GITHUB_ENV.',
    ),
}

type Given = z.output<z.ZodObject<typeof variableInputs>>

/**
 * What `${NAME}` in the runbook file stands for: secrets first, then the environment of the job or the shell, then the
 * variables. Every secret is masked from here on.
 */
export function runbookVariables({
  inputs,
  variables: environment,
  mask,
}: Pick<ActionContext<Given, never>, 'inputs' | 'variables' | 'mask'>): Environment {
  const secrets = inputs['secret-variables'] ?? {}
  for (const value of Object.values(secrets)) mask(value)
  return { ...inputs.variables, ...withoutEmpty(environment), ...withoutEmpty(secrets) }
}

/** A secret or variable that does not exist is an empty text in a workflow. */
function withoutEmpty(variables: Environment): Environment {
  return Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  )
}
