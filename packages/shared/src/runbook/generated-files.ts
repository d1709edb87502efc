import { runbookJsonSchema } from './json-schema.ts'
import { runbookReference } from './reference.ts'

/** The files that are generated from the schema: path from the root of the repository, and text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const schema = runbookJsonSchema()
  return new Map([
    ['schema/runbook.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['docs/runbook-file.md', runbookReference(schema)],
  ])
}
