import type { DiagnosisKind } from '../../record/diagnosis.ts'

/** What the log of a container that crashed says of the cause. */
export interface CrashCause {
  readonly kind: Extract<
    DiagnosisKind,
    'missing-environment-variable' | 'database-connection' | 'configuration-error' | 'out-of-memory'
  >
  /** The line that says it. */
  readonly line: string
  /** The environment variable that is missing. */
  readonly variable?: string
}

const name = '["\'`]?\\$?\\{?([A-Z][A-Z0-9_]*[A-Z0-9])\\b'
const environment = '[Ee]nv(?:ironment)?(?:[ -][Vv]ar(?:iable)?)?s?'
/** The name in capitals is what makes these sure, so case matters. */
const missingVariable: readonly RegExp[] = [
  new RegExp(`(?:[Mm]issing|[Rr]equired|[Uu]nset|[Uu]ndefined)[\\w ]{0,20} ${environment}[: ]*${name}`, 'u'),
  new RegExp(
    `${environment}:? ${name}["'\`}]* (?:is|was|must|has|not|missing|required|undefined|unset)`,
    'u',
  ),
  new RegExp(
    `\\b${name}["'\`}]* (?:environment variable )?(?:is|was)(?: a)? (?:not set|not defined|unset|missing|undefined|empty|required(?: environment variable)?)`,
    'u',
  ),
  new RegExp(`${name}: (?:unbound variable|parameter (?:null or )?not set)`, 'u'),
]
/** Python says only the name; that it is a variable stands in the trace above. */
const pythonKey = /^\s*KeyError: '([A-Z][A-Z0-9_]*)'/u
const pythonEnvironment = /environ|<frozen os>|\bos\.py\b/u

const outOfMemory =
  /JavaScript heap out of memory|java\.lang\.OutOfMemoryError|^\s*MemoryError\b|runtime: out of memory|std::bad_alloc|[Cc]annot allocate memory/u

const database: readonly RegExp[] = [
  /\b(?:postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|oracle|mssql|sql server|database|db|jdbc|sqlalchemy|alembic|redis)\b.{0,120}?\b(?:connection|connect|refused|timed? ?out|unreachable|authenticat|does not exist|unavailable)/iu,
  /\b(?:could not connect|cannot connect|can't connect|failed to connect|unable to connect|connection (?:refused|failed|timed out|error))\b.{0,120}?\b(?:postgres|mysql|mongo|oracle|sql server|database|db\b|jdbc|redis)/iu,
  /OperationalError|SQLSTATE\[?(?:08|28)|password authentication failed|too many clients|remaining connection slots|Communications link failure|Access denied for user|Login failed for user|MongoServerSelectionError|HikariPool.*(?:timed out|failed)/iu,
  /(?:ECONNREFUSED|ETIMEDOUT|connection refused|connect(?:ion)? timed out).{0,80}:(?:5432|3306|1433|1521|27017)\b/iu,
  /:(?:5432|3306|1433|1521|27017)\b.{0,80}(?:ECONNREFUSED|ETIMEDOUT|connection refused|i\/o timeout)/iu,
]

const configuration =
  /\bconfig(?:uration)?s?\b.{0,60}?\b(?:error|invalid|not valid|missing|not found|no such file|cannot be|could not be|unknown|malformed|wrong)\b|\b(?:invalid|bad|malformed|unknown|unsupported|missing|wrong|failed to (?:load|parse|read)|(?:cannot|could not|unable to) (?:load|parse|read))\b.{0,40}?\b(?:config(?:uration)?|setting|option|value for|yaml|toml)\b|(?:ConfigurationError|ConfigException|ConfigError|ValidationError|BeanCreationException|yaml: (?:line|unmarshal))/iu

/**
 * The cause that the last lines name, the surest first; undefined where they name none that the runbook knows.
 *
 * @param lines oldest first
 */
export function crashCause(lines: readonly string[]): CrashCause | undefined {
  return (
    missingEnvironmentVariable(lines) ??
    lastMatch('out-of-memory', lines, [outOfMemory]) ??
    lastMatch('database-connection', lines, database) ??
    lastMatch('configuration-error', lines, [configuration])
  )
}

function missingEnvironmentVariable(lines: readonly string[]): CrashCause | undefined {
  const isPython = lines.some((line) => pythonEnvironment.test(line))
  const patterns = isPython ? [...missingVariable, pythonKey] : missingVariable
  for (const line of lines.toReversed()) {
    const variable = patterns.map((pattern) => pattern.exec(line)?.[1]).find((found) => found !== undefined)
    if (variable !== undefined) return { kind: 'missing-environment-variable', line, variable }
  }
  return undefined
}

function lastMatch(
  kind: CrashCause['kind'],
  lines: readonly string[],
  patterns: readonly RegExp[],
): CrashCause | undefined {
  const line = lines.findLast((each) => patterns.some((pattern) => pattern.test(each)))
  return line === undefined ? undefined : { kind, line }
}

/** The line to quote where no cause is known: the last that looks like an error, else the last of all. */
export function lastWords(lines: readonly string[]): string | undefined {
  return (
    lines.findLast((line) => /\b(?:error|fatal|panic|exception|failed|cannot|traceback)\b/iu.test(line)) ??
    lines.at(-1)
  )
}
