import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { configMapIn } from '../cluster/config-file.ts'
import { configMapOf } from '../cluster/configuration/plan-configuration.ts'
import type { ConfigurationSource } from '../cluster/configuration/source.ts'
import { UserError } from '../errors.ts'
import type { Runbook } from '../runbook/schema.ts'

/** A key of a ConfigMap, then its value: the rest of the line, as it is. */
const assignment = /^([-._a-zA-Z0-9]+)=(.*)$/u

/** Lines `KEY=value`. No message of it tells a value. */
const values = z.string().transform((text, context): Readonly<Record<string, string>> => {
  const found = new Map<string, string>()
  for (const [at, line] of text.split(/\r?\n/u).entries()) {
    if (line.trim() === '') continue
    const [, key, value] = assignment.exec(line) ?? []
    if (key === undefined || value === undefined) {
      context.addIssue({ code: 'custom', message: `line ${at + 1} is not KEY=value` })
      return z.NEVER
    }
    if (found.has(key)) {
      context.addIssue({ code: 'custom', message: `${key} is given twice` })
      return z.NEVER
    }
    found.set(key, value)
  }
  return Object.fromEntries(found)
})

/** The input that says what of the configuration changes. */
export const configurationInputs = {
  'config-values': values
    .optional()
    .describe(
      'Of a configuration change: the keys that get another value, as lines KEY=value. Default: all that the file says which the runbook file names (config.manifest).',
    ),
}

/**
 * The wanted configuration: the values that were given, else the file of the repository that is checked out.
 *
 * @throws UserError where neither is there, or the file does not hold the ConfigMap
 */
export function configurationSource(
  runbook: Runbook,
  given: Readonly<Record<string, string>> | undefined,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ConfigurationSource {
  if (given !== undefined) return { values: given }
  const { manifest: file } = runbook.config
  if (file === undefined) {
    throw new UserError(
      'Nothing says what the configuration shall be.',
      'Give the input "config-values", or name the file of the ConfigMap as "config.manifest" in the runbook file.',
    )
  }
  return { file, data: configMapIn(read(file, readText), file, configMapOf(runbook)) }
}

function read(file: string, readText: (path: string) => string): string {
  try {
    return readText(file)
  } catch (cause) {
    throw new UserError(
      `The file ${file} of the configuration cannot be read.`,
      'Check the repository out in a step before this one; "config.manifest" is relative to its root.',
      { cause },
    )
  }
}
