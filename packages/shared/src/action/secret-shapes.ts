import { parseAllDocuments } from 'yaml'
import { encodingsOf } from './secret-encodings.ts'

const minLength = 4

/** Secrets inside secrets (base64 of a kubeconfig that holds base64 of a key) end well before this depth. */
const maxDepth = 4

/** Values that a log is full of. Masking one would blank outputs and links and protect nothing. */
const everydayWords = new Set(
  [
    'true false null none undefined yes auto default',
    'test testing development staging stage prod production live main master latest local localhost',
    'admin root user username password secret token changeme kafka postgres kubernetes cluster public basic bearer',
    'plain scram-sha-256 scram-sha-512 oauthbearer http https info debug warn warning error failed passed',
  ].flatMap((line) => line.split(' ')),
)

const sensitiveKey =
  /pass(?:word|wd|phrase)?|pwd|secret|token|credential|auth$|jaas|sig(?:nature)?$|cookie|(?:^|[._-])key(?:$|[._-])|(?:api|access|account|client|master|private|shared)key/iu
const harmlessKey = /public|certificate|token_?ur[il]|key_?id$/iu

/**
 * Every text that must not be printed because `value` is secret: the value, its lines, the credentials inside it
 * (kubeconfig and other YAML or JSON, JAAS, connection strings, URLs, headers, base64 of any of these), and the
 * encodings of each. Never shorter than four characters, never an everyday word; empty where nothing is left.
 */
export function secretShapes(value: string): string[] {
  const shapes = new Set<string>()
  for (const part of partsOf(value, 0)) {
    for (const shape of isMaskable(part) ? encodingsOf(part) : []) if (isMaskable(shape)) shapes.add(shape)
  }
  return [...shapes]
}

/** Whether a name is one that credentials have: `KAFKA_PASSWORD`, `api.key`. */
export function namesSecret(name: string): boolean {
  return sensitiveKey.test(name) && !harmlessKey.test(name)
}

/** Whether a text gives a value to such a name, or holds the password of an address: `sasl.password=…`, `https://user:…@host`. */
export function holdsCredential(text: string): boolean {
  const assigned = [...text.matchAll(/([\w.-]+)\s*[=:]\s*\S/gu)].some(([, name = '']) => namesSecret(name))
  return assigned || /:\/\/[^\s/@:]*:[^\s/@]+@/u.test(text)
}

function isMaskable(text: string): boolean {
  return text.trim().length >= minLength && !everydayWords.has(text.trim().toLowerCase())
}

function* partsOf(value: string, depth: number): Iterable<string> {
  const text = value.trim()
  if (!isMaskable(text) || depth > maxDepth) return
  yield text
  if (value !== text) yield value
  const document = mappingIn(text)
  const inside = document === undefined ? credentialsIn(text) : leavesOf(document)
  yield* linesOf(text, document === undefined ? undefined : inside.filter(isMaskable))
  for (const credential of inside) if (credential !== text) yield* partsOf(credential, depth + 1)
}

/** @param only in a document of keys and values, only lines with one of these: `kind: Config` is no secret */
function* linesOf(text: string, only: readonly string[] | undefined): Iterable<string> {
  const lines = text.split(/[\r\n]+/u)
  if (lines.length === 1) return
  for (const line of lines.map((each) => each.trim())) {
    if (/^-+(?:BEGIN|END) /u.test(line)) continue
    if (only === undefined || only.some((leaf) => line.includes(leaf))) {
      yield line
    }
  }
}

/** The documents in a YAML or JSON text, where it is a mapping or a list; undefined for any other text. */
function mappingIn(text: string): readonly unknown[] | undefined {
  if (!/[:{[]/u.test(text)) return undefined
  try {
    const documents = parseAllDocuments(text, { logLevel: 'silent' })
    const values = documents.map(
      (document) => (document.errors.length > 0 ? undefined : document.toJS()) as unknown,
    )
    return values.length > 0 && values.every((value) => typeof value === 'object' && value !== null)
      ? values
      : undefined
  } catch {
    // An alias bomb or the like: it is masked as plain text.
    return undefined
  }
}

/**
 * The values under keys that name credentials; where no key does, all values. Not of a kubeconfig: one that logs in by a
 * plugin holds no credential, and the names of a cluster and a namespace stand in every line that tells of them.
 */
function leavesOf(documents: readonly unknown[]): string[] {
  const all = [...leaves(documents, '')]
  const sensitive = all.filter(({ key }) => namesSecret(key))
  return (sensitive.length > 0 || documents.every(isKubeconfig) ? sensitive : all).map(({ value }) => value)
}

function isKubeconfig(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'clusters' in document && 'users' in document
}

function* leaves(node: unknown, key: string): Iterable<{ key: string; value: string }> {
  if (typeof node === 'string' || typeof node === 'number') {
    yield { key, value: String(node) }
  } else if (Array.isArray(node)) {
    for (const item of node) yield* leaves(item, key)
    yield* flagsIn(node)
  } else if (typeof node === 'object' && node !== null) {
    // `- name: AWS_SECRET_ACCESS_KEY` / `value: …`, as in the environment of a kubeconfig's exec section
    const named = 'name' in node && typeof node.name === 'string' ? node.name : ''
    for (const [name, child] of Object.entries(node))
      yield* leaves(child, name === 'value' && named ? named : name)
  }
}

/** `--client-secret`, `…` or `--client-secret=…`, as in the arguments of a kubeconfig's exec section */
function* flagsIn(list: readonly unknown[]): Iterable<{ key: string; value: string }> {
  for (const [index, item] of list.entries()) {
    if (typeof item !== 'string') continue
    const [, key, given] = /^--?([a-z][\w-]*)(?:=(.*))?$/isu.exec(item) ?? []
    const value = given ?? list[index + 1]
    if (key !== undefined && typeof value === 'string') yield { key, value }
  }
}

/** What is secret inside a text that is no document: values, passwords in URLs, headers, and what base64 hides. */
function credentialsIn(text: string): string[] {
  return [
    ...[...text.matchAll(/([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;,&"']+))/gu)]
      .filter(([, key = '']) => sensitiveKey.test(key))
      .map(([, , double, single, bare]) => double ?? single ?? bare ?? ''),
    ...[...text.matchAll(/:\/\/[^\s/@:]*:([^\s/@]+)@/gu)].flatMap(([, password = '']) => [
      password,
      decoded(password),
    ]),
    ...[...text.matchAll(/^(?:authorization:\s*)?(?:bearer|basic)\s+(\S+)$/gimu)].map(
      ([, token = '']) => token,
    ),
    ...[...text.matchAll(/^[^\s:/]+:(\S{4,})$/gu)].map(([, password = '']) => password),
    ...fromBase64(text),
  ]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What a base64 text says, where that is readable text. */
function fromBase64(text: string): string[] {
  const compact = text.replace(/\s+/gu, '')
  if (compact.length < 8 || !/^[\w+/-]+={0,2}$/u.test(compact)) return []
  const plain = Buffer.from(compact, 'base64').toString()
  return /^[\t\n\r\u0020-\u007e\u00a0-\ufffc]+$/u.test(plain) ? [plain] : []
}
