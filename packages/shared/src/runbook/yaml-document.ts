import type { Document, Pair } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import { type KeyPath, showPath } from './key-path.ts'
import { type Problem, RunbookError } from './runbook-error.ts'

/** Far above any real runbook; more is a mistake or an attack. */
const LONGEST_TEXT = 256 * 1024
const MOST_ALIASES = 100

/** A place in the file: a path, the key or the value there, and characters into the value. */
export interface Place {
  path: KeyPath
  atKey: boolean
  offset: number
}

/** The value of a YAML file and where each part of it stands. */
export interface YamlDocument {
  value: unknown
  /** Problems that leave the value readable, such as a key that stands twice. */
  problems: Problem[]
  locate(place: Place): { line: number; column: number }
}

/**
 * Reads one YAML 1.2 document. What is not YAML, not one document, empty, too long, or blown up by aliases is a
 * `RunbookError` with everything that is wrong at this level.
 */
export function parseYaml(text: string, file: string): YamlDocument {
  if (text.length > LONGEST_TEXT) fail(file, `the file is longer than ${LONGEST_TEXT / 1024} KiB`)
  const lines = new LineCounter()
  const positionOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const [document, second] = parseAllDocuments(text, {
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
    stringKeys: true,
    // Found below, where the path and the first occurrence are known.
    uniqueKeys: false,
  }) as Document.Parsed[]
  if (document === undefined || isEmpty(document)) {
    fail(file, 'the file is empty; the shortest runbook has version, pipeline, environments and components')
  }
  const syntax = syntaxProblems(document, second, positionOf)
  if (syntax.length > 0) throw new RunbookError(file, syntax)
  return {
    value: toValue(document, file),
    problems: duplicateKeys(document.contents, [], positionOf),
    locate: (place) => positionOf(offsetOf(document, place)),
  }
}

type PositionOf = (offset: number) => { line: number; column: number }

function fail(file: string, message: string): never {
  throw new RunbookError(file, [{ line: 1, column: 1, path: '', message }])
}

function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null))
}

/** Whatever makes the value of the document unreliable. */
function syntaxProblems(
  document: Document.Parsed,
  second: Document.Parsed | undefined,
  positionOf: PositionOf,
): Problem[] {
  const problem = (offset: number, message: string) => ({ ...positionOf(offset), path: '', message })
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => {
    return problem(pos[0], `not valid YAML: ${message}`)
  })
  if (second !== undefined) {
    const message = 'a second document begins here; a runbook is one document, without "---" in between'
    problems.push(problem(second.range[0], message))
  }
  if (document.directives.yaml.version !== '1.2') {
    problems.push(problem(0, 'a %YAML directive is not supported; the file is YAML 1.2'))
  }
  return [...problems, ...aliasProblems(document, positionOf)]
}

/** Aliases without anchor, and aliases of something that they are part of. */
function aliasProblems(document: Document.Parsed, positionOf: PositionOf): Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Alias(_, alias) {
      const start = alias.range?.[0] ?? 0
      const target = alias.resolve(document)
      const report = (message: string) => problems.push({ ...positionOf(start), path: '', message })
      if (target === undefined) report(`not valid YAML: the alias *${alias.source} has no anchor before it`)
      else if (target.range && target.range[0] <= start && start < target.range[2]) {
        report(`the alias *${alias.source} stands for something that contains it`)
      }
    },
  })
  return problems
}

function toValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown
  } catch (error) {
    // The only error that is left after `aliasProblems`: too many aliases.
    if (error instanceof ReferenceError)
      fail(file, `the aliases of the file expand to more than ${MOST_ALIASES} values`)
    throw error
  }
}

function duplicateKeys(node: unknown, path: KeyPath, positionOf: PositionOf): Problem[] {
  if (isSeq(node))
    return node.items.flatMap((item, index) => duplicateKeys(item, [...path, index], positionOf))
  if (!isMap(node)) return []
  const first = new Map<string, number>()
  return node.items.flatMap((pair) => {
    const key = keyOf(pair)
    const here = [...path, key]
    const position = positionOf(startOf(pair.key))
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, position.line)
    const twice = {
      ...position,
      path: showPath(here),
      message: `the key stands twice, already in line ${earlier}; delete one`,
    }
    return [...(earlier === undefined ? [] : [twice]), ...duplicateKeys(pair.value, here, positionOf)]
  })
}

/** Where a place begins in the text. For a key that is missing: the mapping that misses it. */
function offsetOf(document: Document.Parsed, { path, atKey, offset }: Place): number {
  let node: unknown = document.contents
  let start = 0
  for (const [depth, key] of path.entries()) {
    const container = isAlias(node) ? node.resolve(document) : node
    if (isSeq(container) && typeof key === 'number') {
      node = container.items[key]
      start = startOf(node) || start
      continue
    }
    // Of a key that stands twice the last one counts, as it does for the value.
    const pair = isMap(container)
      ? container.items.findLast((item) => keyOf(item) === String(key))
      : undefined
    if (pair === undefined) return start
    node = pair.value
    const keyOnly = (atKey && depth === path.length - 1) || isNothing(node)
    start = keyOnly || depth < path.length - 1 ? startOf(pair.key) : startOf(node)
  }
  return start + (offset > 0 ? offset + quoteLength(node) : 0)
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null)
}

function quoteLength(node: unknown): number {
  return isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') ? 1 : 0
}
