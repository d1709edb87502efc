import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './generated-files.ts'

/** A Markdown file that people read, and its path from the root. */
export interface MarkdownDocument {
  readonly path: string
  readonly folder: string
  readonly text: string
}

const notOurs = new Set(['node_modules', '.git', 'dist', 'fixtures', 'testdata'])

/** Every Markdown file of the repository. */
export function documents(folder = ''): MarkdownDocument[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : documents(path)
    if (!entry.name.endsWith('.md')) return []
    return [{ path, folder: dirname(path), text: readFileSync(join(root, path), 'utf8') }]
  })
}

/** The fenced blocks of a language. */
export function codeBlocks(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)
  return [...blocks].flatMap(([, found, code = '']) => (found === language ? [code] : []))
}

/** The anchors that GitHub gives to the headings. */
export function anchors(markdown: string): ReadonlySet<string> {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '')
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}
