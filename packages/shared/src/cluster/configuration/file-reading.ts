import type { ProgramEnd } from '../pod-exec.ts'
import type { ConfiguredFile } from './mounted-files.ts'
import type { VariableFinding } from './container-environment.ts'
import { textDigest } from './content-digest.ts'

/** What `cat` found at a path of a container. Nothing of what the file says is kept. */
export type FileReading =
  | { readonly is: 'file'; readonly digest: string }
  | { readonly is: 'absent' }
  | { readonly is: 'unreadable'; readonly why: string }

/**
 * As GNU, BusyBox and others word it; what a container runtime says of a missing program begins otherwise. Instead of a `subPath`
 * that is not there the node makes a folder.
 */
const noFile = /^cat: .*(?:no such file|not a directory|is a directory)/iu

/** What the end of `cat` tells of a file. */
export function fileReading({ exitCode, stdout, stderr, problem }: ProgramEnd): FileReading {
  if (exitCode === 0) return { is: 'file', digest: textDigest(stdout) }
  if (exitCode === 1 && noFile.test(stderr)) return { is: 'absent' }
  const said = (stderr.trim() || problem.trim()).split('\n')[0] ?? ''
  return { is: 'unreadable', why: `it cannot be read by "cat": ${said}` }
}

/** What is wrong with a file, in words; undefined where it is as its ConfigMap says, or gone with its key. */
export function wrongFile(
  { path: name, digest, mayBeFrom }: ConfiguredFile,
  found: FileReading,
): VariableFinding | undefined {
  if (found.is === 'unreadable')
    return { name, how: `is not known: ${found.why}`, verdict: 'inconclusive', isUnread: true }
  const has = found.is === 'file' ? found.digest : undefined
  if (has === digest) return undefined
  if (has === undefined) return { name, how: 'is missing', verdict: 'fail' }
  const how = digest === undefined ? 'is still there' : 'says something else'
  if (mayBeFrom === undefined) return { name, how, verdict: 'fail' }
  return { name, how: `${how}, perhaps from ${mayBeFrom}`, verdict: 'inconclusive' }
}
