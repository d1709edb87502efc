import { list } from './input-types.ts'

/** `download-worker=v1.2.3`, `download-worker=sha256:…` or a whole reference, one for each component. */
const imagesInput = list.transform((entries, context): ReadonlyMap<string, string> => {
  const pairs = entries.map((entry): [string, string] => {
    const at = entry.indexOf('=')
    if (at <= 0 || at === entry.length - 1) {
      context.addIssue({
        code: 'custom',
        message: `"${entry}" must be component=tag, component=sha256:… or component=registry/name:tag`,
      })
    }
    return [entry.slice(0, at), entry.slice(at + 1)]
  })
  return new Map(pairs)
})

/** The inputs that choose what of the release is rolled. */
export const imageInputs = {
  components: list.default([]).describe('Roll only these components of the runbook file. Default: all.'),
  images: imagesInput
    .default(new Map())
    .describe(
      'Other images than the version’s tag, as component=tag, component=sha256:… or component=registry/name:tag.',
    ),
}
