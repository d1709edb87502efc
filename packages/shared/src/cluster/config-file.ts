import { parseAllDocuments, type Document } from 'yaml'
import * as z from 'zod'
import { UserError } from '../errors.ts'

const configMapSchema = z.looseObject({
  kind: z.literal('ConfigMap'),
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
})

/** More is no configuration. */
const mostAliases = 100

/**
 * The data of a ConfigMap in a file of YAML documents.
 *
 * @throws UserError where the file is no YAML or does not hold it
 */
export function configMapIn(text: string, file: string, name: string): Readonly<Record<string, string>> {
  const documents = parseAllDocuments(text, { logLevel: 'silent', stringKeys: true }) as Document.Parsed[]
  const [problem] = documents.flatMap(({ errors }) => errors)
  if (problem !== undefined) {
    throw new UserError(`${file} is not valid YAML: ${problem.message}`, 'Mend the file and release again.')
  }
  for (const document of documents) {
    const parsed = configMapSchema.safeParse(document.toJS({ maxAliasCount: mostAliases }))
    if (parsed.success && parsed.data.metadata.name === name) return parsed.data.data ?? {}
  }
  throw new UserError(
    `${file} has no ConfigMap "${name}" with texts as its data.`,
    'Check "config.config-map" and "config.manifest" of the runbook file; numbers need quotes.',
  )
}

/** A key that differs, without its values. */
export interface ChangedKey {
  readonly key: string
  readonly change: 'changed' | 'only in the file' | 'only in the cluster'
}

/** The keys that differ between what the cluster has and what the file says, in alphabetical order. */
export function changedKeys(
  running: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): ChangedKey[] {
  const keys = [...new Set([...Object.keys(running), ...Object.keys(wanted)])].sort()
  return keys.flatMap((key): ChangedKey[] => {
    if (running[key] === undefined) return [{ key, change: 'only in the file' }]
    if (wanted[key] === undefined) return [{ key, change: 'only in the cluster' }]
    return running[key] === wanted[key] ? [] : [{ key, change: 'changed' }]
  })
}
