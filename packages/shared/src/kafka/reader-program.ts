import { UserError } from '../errors.ts'

/**
 * The program of the Job (action/lag-reader.ts) as one file. The build puts its text here.
 *
 * @throws UserError where an action runs from its sources
 */
export function readerProgram(): string {
  throw new UserError(
    'The program that reads lag inside the cluster is part of built actions only.',
    'Build them first (npm run build), and run dist/index.js.',
  )
}
