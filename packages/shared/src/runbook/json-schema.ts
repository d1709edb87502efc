import * as z from 'zod'
import { runbookSchema } from './schema.ts'

/** The part of JSON Schema that the runbook's own schema uses. */
export interface JsonSchema {
  $schema?: string
  $ref?: string
  title?: string
  description?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  default?: unknown
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
}

/**
 * The JSON Schema of the runbook file as the team writes it: kebab-case keys, descriptions and defaults for editors.
 * Draft 7, which the YAML language server speaks. It is looser than loading: rules over several keys and the form of
 * some texts are checked only there.
 */
export function runbookJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(runbookSchema, {
    io: 'input',
    target: 'draft-7',
  }) as JsonSchema
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Runbook',
    description: 'The runbook of a Kafka pipeline on Kubernetes, executed by Runbook Actions.',
    ...schema,
  }
}
