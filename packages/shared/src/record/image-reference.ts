import { UserError } from '../errors.ts'

/** An image reference in its parts: `registry.local/download-worker:v1.2.3@sha256:…`. */
export interface ImageReference {
  /** Registry and name. */
  readonly repository: string
  readonly tag: string | undefined
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string | undefined
}

const shape =
  /^(?<repository>[^\s:@]+(?::\d+\/[^\s:@]+)?)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/

/**
 * Takes an image reference apart.
 *
 * @throws UserError where the text is none
 */
export function parseImage(text: string): ImageReference {
  const groups = shape.exec(text)?.groups
  if (groups?.repository === undefined) {
    throw new UserError(
      `"${text}" is not an image reference.`,
      'Write it as registry/name:tag, registry/name@sha256:<64 hexadecimal digits>, or both.',
    )
  }
  return { repository: groups.repository, tag: groups.tag, digest: groups.digest }
}

/** The reference as a pod template has it. Where tag and digest are both there, the digest decides what runs. */
export function formatImage({ repository, tag, digest }: ImageReference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** Enough of a digest to tell two apart by eye. */
const shortDigestLength = 'sha256:'.length + 12

/** A digest as a table shows it: `sha256:bc49f31085e5`. */
export function shortDigest(digest: string): string {
  return digest.slice(0, shortDigestLength)
}

/**
 * An image for a reader who knows its component: tag and short digest. A repository other than that of `beside` is
 * shown whole, because then it is what changes.
 */
export function imageLabel(text: string, beside = text): string {
  const { repository, tag, digest } = parseImage(text)
  const version = [tag, digest === undefined ? undefined : shortDigest(digest)]
    .filter((part) => part !== undefined)
    .join('@')
  return version === '' || repository !== parseImage(beside).repository ? text : version
}
