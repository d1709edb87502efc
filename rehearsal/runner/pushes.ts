import { watch } from 'node:fs'
import { copyFile, chmod, mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const hookFile = join(import.meta.dirname, 'post-receive')
const spoolOf = (bare: string) => join(bare, 'pushes')

/** One branch or tag that a push changed. */
export interface Push {
  /** Full name, such as `refs/tags/v1.2.3`. */
  ref: string
  /** Object before the push; zeros if it is new. */
  before: string
  /** Object after the push (of an annotated tag the tag object, not the commit); zeros if it was deleted. */
  after: string
}

const object = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)
const push = z.object({ before: object, after: object, ref: z.string().startsWith('refs/') })

/** Gives the bare repository a post-receive hook that writes each push to a file for `watchPushes`. */
export async function installHook(bare: string): Promise<void> {
  await mkdir(spoolOf(bare), { recursive: true })
  await mkdir(join(bare, 'hooks'), { recursive: true })
  const hook = join(bare, 'hooks', 'post-receive')
  await copyFile(hookFile, hook)
  await chmod(hook, 0o755)
}

/**
 * Calls `onPush` for each changed branch and tag, one after the other, in the order of the pushes, those before the call
 * included; each once. Returns when the signal is aborted; throws what `onPush` throws.
 */
export async function watchPushes(
  bare: string,
  onPush: (push: Push) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const spool = spoolOf(bare)
  await mkdir(spool, { recursive: true })
  const done = new AbortController()
  const changed = changesOf(spool, AbortSignal.any([signal, done.signal]))
  try {
    do {
      for (const file of await arrived(spool)) {
        if (signal.aborted) return
        const text = await readFile(file, 'utf8')
        // before the call: a push that makes the caller fail is not offered again
        await unlink(file)
        for (const change of parsePushes(text)) await onPush(change)
      }
    } while (await changed())
  } finally {
    done.abort()
  }
}

/**
 * Watches the folder from now on. The returned function waits until something has changed since its last call, and
 * says false when the signal is aborted.
 */
function changesOf(folder: string, signal: AbortSignal): () => Promise<boolean> {
  let isChanged = false
  let failure: Error | undefined
  let wake: (() => void) | undefined
  const watcher = watch(folder, { signal })
  watcher.on('change', () => {
    isChanged = true
    wake?.()
  })
  watcher.on('error', (error) => {
    failure = error
    wake?.()
  })
  watcher.on('close', () => wake?.())
  return async () => {
    if (!isChanged && !failure && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve))
    isChanged = false
    if (signal.aborted) return false
    if (failure) throw failure
    return true
  }
}

/** Complete pushes in the folder, oldest first. */
async function arrived(spool: string): Promise<string[]> {
  const files = (await readdir(spool))
    .filter((name) => name.endsWith('.push'))
    .map((name) => join(spool, name))
  const dated = await Promise.all(
    files.map(async (file) => ({ file, at: (await stat(file, { bigint: true })).mtimeNs })),
  )
  return dated.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ file }) => file)
}

/** Reads what git gives a post-receive hook: lines `before after ref`. */
export function parsePushes(text: string): Push[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before, after, ...ref] = line.split(' ')
      return push.parse({ before, after, ref: ref.join(' ') })
    })
}
