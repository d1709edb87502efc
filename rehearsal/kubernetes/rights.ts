import { readFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import type { AuditedRequest } from './requests.ts'

const roleSchema = z.object({
  kind: z.literal('Role'),
  rules: z.array(
    z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }),
  ),
})

/** Every right that the Roles of a file give: `verb group/resource`. */
export async function rightsIn(file: string): Promise<string[]> {
  const roles = parseAllDocuments(await readFile(file, 'utf8')).flatMap((document) => {
    const role = roleSchema.safeParse(document.toJS())
    return role.success ? [role.data] : []
  })
  return roles.flatMap(({ rules }) =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    ),
  )
}

/** The right that a request needed, spelled as `rightsIn` does. */
export function rightOf({ verb, group, resource }: AuditedRequest): string {
  return `${verb} ${group}/${resource}`
}
