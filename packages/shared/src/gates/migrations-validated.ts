import type { Gate } from './gate.ts'

/**
 * A schema change is tried where it costs nothing. The suite does not run migrations yet, so it can show that the release
 * ran in staging, and not more: the rest is a line of the checklist, which a person answers.
 */
export const migrationsValidated: Gate<'clock'> = {
  name: 'migrations-validated',
  question: 'Database migrations: schema changes validated (if applicable)',
  occasions: ['preflight'],
  measure({ record, runbook }) {
    const { migrations } = runbook
    if (migrations === undefined) {
      return { verdict: 'skipped', answer: 'The runbook file declares no migrations.' }
    }
    if (record.configuration !== undefined) {
      return { verdict: 'skipped', answer: 'A configuration change brings no migration.' }
    }
    if (record.staging?.outcome !== 'passed') {
      return {
        verdict: 'fail',
        answer: `${record.version} has not passed in staging, so no migration of it has.`,
      }
    }
    return {
      verdict: 'warn',
      answer: `${record.version} ran and was validated in staging. Whether its migrations (${migrations.tool}) were applied and undone there is not looked at: a person answers that in the ticket.`,
    }
  },
}
