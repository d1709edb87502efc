import { generatedFiles } from '../packages/shared/src/runbook/generated-files.ts'
import { writeOrCheck } from './generated-files.ts'

/**
 * Writes what is generated from the schema of the runbook file: the JSON Schema for editors and the reference.
 * `node scripts/schema.ts --check` only compares, and fails when a file is stale.
 */
await writeOrCheck(generatedFiles(), 'scripts/schema.ts')
