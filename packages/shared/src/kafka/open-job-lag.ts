import type { ConsumerLag } from './consumer-lag.ts'
import { JobLag, type JobLagOptions } from './job-lag.ts'
import { readerProgram } from './reader-program.ts'

/**
 * Lag read by Jobs inside the cluster. Import this file only where lag is read so: it brings their program along.
 *
 * @throws UserError where an action runs from its sources
 */
export function openJobLag(source: string, options: Omit<JobLagOptions, 'program'>): ConsumerLag {
  return new JobLag(source, { ...options, program: readerProgram() })
}
