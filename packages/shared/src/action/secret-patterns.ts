const names =
  'password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|client-key-data'

/** Between a name and its value: `password=`, `"password": `, and the same inside a JSON string. */
const assignment = String.raw`(?:\\*["'])?\s{0,8}[:=]\s{0,8}`

/** Up to the quote that is the same as the first and has no backslash of its own. */
const quoted = String.raw`(\\*["']).{0,4096}?(?<!\\)\2`

/** Credentials that can be told by their look, wherever they come from: the errors of clients carry their config. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?/g, '***'],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, '***'],
  [/\b(?:gh[oprsu]_\w{20,}|github_pat_\w{20,})/g, '***'],
  [/\b(https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/)[^\s"'<>)]+/g, '$1***'],
  [/(:\/\/)[^\s/@"'<>]{1,512}@/g, '$1***@'],
  [
    new RegExp(String.raw`(authorization${assignment}(?:\\*["'])?)(?:[a-z][\w-]{1,20} +)?[^\s"',;\\]+`, 'gi'),
    '$1***',
  ],
  [/\b((?:bearer|basic) +)[\w.~+/=-]{12,}/gi, '$1***'],
  [/(jaas\.config\s{0,8}[:=]\s{0,8}).+/gi, '$1***'],
  [
    new RegExp(String.raw`((?:${names})${assignment})(?:${quoted}|(?![{[])\\*["']?[^\s"',;&})\]\\]+)`, 'gi'),
    '$1$2***$2',
  ],
  [new RegExp(String.raw`(token${assignment})(?:${quoted}|[\w.~+/-]{16,}=*)`, 'gi'), '$1$2***$2'],
  [/([?&](?:sig|signature|token|access_token|key|password)=)[^\s&"'<>]+/gi, '$1***'],
]

/** The text with everything that looks like a credential replaced by `***`. */
export function redactPatterns(text: string): string {
  return patterns.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}
