import * as z from 'zod'

/** Why a rollout could not succeed. `docs/diagnosis.md` has a line for each. */
export const diagnosisKinds = [
  'image-not-found',
  'image-unauthorised',
  'image-rate-limit',
  'image-pull',
  'image-invalid',
  'missing-environment-variable',
  'database-connection',
  'configuration-error',
  'out-of-memory',
  'crash',
  'container-config',
  'readiness-probe',
  'liveness-probe',
  'startup-probe',
  'quota',
  'pods-refused',
  'unschedulable',
  'stuck',
] as const

/** Why a rollout failed, what shows it, and what the runbook says to do. Of bounded size: it is kept in the record. */
export const diagnosisSchema = z.strictObject({
  kind: z.enum(diagnosisKinds),
  /** Which pod, what, and why. */
  sentence: z.string(),
  /** The runbook's section, line by line in its own words, the real names filled in. */
  advice: z.array(z.string()),
  /** Where in the team's runbook that stands: its heading, and what a link to it ends with. */
  section: z.strictObject({ title: z.string(), anchor: z.string() }),
  /** What shows it, most telling first: Kubernetes' words, events, the last lines of logs, what could not be read. */
  evidence: z.array(z.string()),
})

export type Diagnosis = z.infer<typeof diagnosisSchema>
export type DiagnosisKind = Diagnosis['kind']
