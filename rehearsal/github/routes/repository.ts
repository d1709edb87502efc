import type { Routes } from '../operation.ts'
import { fullRepository } from '../representations/repository.ts'

/** The repository itself. */
export const repository = {
  'GET /repos/{owner}/{repo}': async (_request, github) => ({
    status: 200,
    body: await fullRepository(github),
  }),
} satisfies Routes
