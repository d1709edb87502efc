import type { Git } from './process.ts'

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

export interface GitObject {
  sha: string
  type: ObjectType
  /** Bytes. */
  size: number
}

export interface GitObjectContent extends GitObject {
  content: Buffer
}

const fullSha = /^[0-9a-f]{40}$/
const header = /^([0-9a-f]{40}) (commit|tree|blob|tag) (\d+)$/

/** Whether `text` is a whole SHA-1, as the git data operations want it. */
export function isSha(text: string): boolean {
  return fullSha.test(text)
}

/** The object that each revision names, in the same order; `undefined` where there is none. */
export async function describeObjects(
  git: Git,
  revisions: readonly string[],
): Promise<(GitObject | undefined)[]> {
  if (revisions.length === 0) return []
  const { stdout } = await git(['cat-file', '--batch-check'], { input: lines(revisions) })
  return stdout.toString().trimEnd().split('\n').map(parseHeader)
}

/** The object that a revision names. */
export async function describeObject(git: Git, revision: string): Promise<GitObject | undefined> {
  const [object] = await describeObjects(git, [revision])
  return object
}

/** The objects that the revisions name, with their content; `undefined` where there is none. */
export async function readObjects(
  git: Git,
  revisions: readonly string[],
): Promise<(GitObjectContent | undefined)[]> {
  if (revisions.length === 0) return []
  const { stdout } = await git(['cat-file', '--batch'], { input: lines(revisions) })
  const objects: (GitObjectContent | undefined)[] = []
  let position = 0
  while (position < stdout.length) {
    const endOfLine = stdout.indexOf('\n', position)
    const object = parseHeader(stdout.toString('utf8', position, endOfLine))
    position = endOfLine + 1
    if (object === undefined) {
      objects.push(undefined)
      continue
    }
    objects.push({ ...object, content: stdout.subarray(position, position + object.size) })
    position += object.size + 1
  }
  return objects
}

/** The object that a revision names, with its content, if it is of this type. */
export async function readObject(
  git: Git,
  revision: string,
  type: ObjectType,
): Promise<GitObjectContent | undefined> {
  const [object] = await readObjects(git, [revision])
  return object?.type === type ? object : undefined
}

/** Stores a blob and returns its SHA. */
export async function writeBlob(git: Git, content: Buffer | string): Promise<string> {
  const { stdout } = await git(['hash-object', '-t', 'blob', '-w', '--stdin'], { input: content })
  return stdout.toString().trim()
}

/** One revision a line; a line break inside a revision would shift every answer, so it becomes "no such object". */
function lines(revisions: readonly string[]): string {
  const isOneLine = (revision: string): boolean => !revision.includes('\n') && !revision.includes('\0')
  return revisions.map((revision) => `${isOneLine(revision) ? revision : ':'}\n`).join('')
}

function parseHeader(line: string): GitObject | undefined {
  const [, sha, type, size] = header.exec(line) ?? []
  if (sha !== undefined) return { sha, type: type as ObjectType, size: Number(size) }
  if (/ (missing|ambiguous)$/.test(line)) return undefined
  throw new Error(`git cat-file answered "${line}", which is neither an object nor "missing"`)
}
