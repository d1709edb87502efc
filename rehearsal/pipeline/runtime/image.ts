import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { components } from '../components.ts'
import type { FaultsByNamespace } from './faults.ts'
import { faultsFile } from './faults.ts'

/** The content of an image's `version.json`: what was built. */
export const versionFile = z.object({ name: z.enum(components), version: z.string().min(1) })

export interface Image extends z.infer<typeof versionFile> {
  faults: FaultsByNamespace
}

/** Reads what lies beside the program in its image: its name, version and faults. */
export async function readImage(folder: string): Promise<Image> {
  const [version, faults] = await Promise.all([
    readJson(join(folder, 'version.json'), versionFile),
    readJson(join(folder, 'faults.json'), faultsFile),
  ])
  return { ...version, faults }
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
