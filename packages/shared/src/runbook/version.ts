import { UserError } from '../errors.ts'

/** A version of the pipeline: `v1.2.3`, or `v1.2.4-hotfix`. */
export interface Version {
  major: number
  minor: number
  patch: number
  hotfix: boolean
}

const NUMBER = '(0|[1-9]\\d{0,8})'
const VERSION = new RegExp(`^v${NUMBER}\\.${NUMBER}\\.${NUMBER}(-hotfix)?$`)

/** Reads `v1.2.3` or `v1.2.4-hotfix`; anything else is a `UserError`. */
export function parseVersion(text: string): Version {
  const version = tryVersion(text)
  if (version !== undefined) return version
  throw new UserError(
    `${quoted(text)} is no version of a release${whyNot(text)}`,
    'Tag releases v1.2.3 and hotfixes v1.2.4-hotfix',
  )
}

/** Writes the version as its tag has it, without prefix. */
export function formatVersion({ major, minor, patch, hotfix }: Version): string {
  return `v${major}.${minor}.${patch}${hotfix ? '-hotfix' : ''}`
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. A hotfix is older than the release of its number. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch || Number(b.hotfix) - Number(a.hotfix)
}

/**
 * The version of a tag, of which `prefix` (`kafka-pipeline/` in a monorepo, else empty) comes first.
 * A tag of another pipeline or of another form is a `UserError`.
 */
export function versionOfTag(tag: string, prefix = ''): Version {
  if (!tag.startsWith(prefix)) {
    throw new UserError(
      `The tag ${quoted(tag)} does not begin with ${quoted(prefix)}, the tag prefix of this pipeline`,
      `Push a tag such as ${prefix}v1.2.3`,
    )
  }
  return parseVersion(tag.slice(prefix.length))
}

/** The tag of a version: the inverse of `versionOfTag`. */
export function tagOf(version: Version, prefix = ''): string {
  return `${prefix}${formatVersion(version)}`
}

/** The tag that marks the version as deployed: `v1.2.3-prod` for `v1.2.3`, `v1.2.4-prod` for `v1.2.4-hotfix`. */
export function prodTag(tag: string, prefix = ''): string {
  return `${prefix}${formatVersion({ ...versionOfTag(tag, prefix), hotfix: false })}-prod`
}

function tryVersion(text: string): Version | undefined {
  const match = VERSION.exec(text)
  if (match === null) return undefined
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    hotfix: match[4] !== undefined,
  }
}

function whyNot(text: string): string {
  if (tryVersion(`v${text}`) !== undefined) return ': it lacks the "v" in front'
  if (/^v\d+\.\d+\.\d+-prod$/.test(text))
    return ': a -prod tag marks a version that was deployed and is never deployed itself'
  if (/^v\d+\.\d+\.\d+[-+]/.test(text)) return ': the only suffix is -hotfix'
  if (/^v(\d+\.)*0\d/.test(text)) return ': its numbers have leading zeros'
  if (/^v\d+(\.\d+)?$/.test(text)) return ': it needs three numbers'
  return ''
}

/** In quotes, on one line and short: the text comes from a tag, which anyone with write access can name. */
function quoted(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}…`)
}
