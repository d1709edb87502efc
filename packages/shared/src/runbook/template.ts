import { UserError } from '../errors.ts'

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** What stands in `process.env`, handed in. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * A text of the runbook in which `${NAME}` stands for an environment variable. It stays unresolved in the loaded
 * runbook, so that the runbook can be logged, digested and recorded without a secret in it.
 */
export class Template {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** The names of the variables that it refers to, each once, in order. */
  get variables(): string[] {
    return [...new Set([...this.text.matchAll(REFERENCE)].map((match) => match[1] ?? ''))]
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** A resolved template. Logged or serialised it shows the template; only `reveal()` gives the value. */
export class ResolvedText {
  readonly #value: string
  readonly template: Template

  constructor(template: Template, value: string) {
    this.template = template
    this.#value = value
  }

  /** The value. Mask it before anything that holds it is printed. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return this.template.text
  }

  toJSON(): string {
    return this.template.text
  }
}

/** `T` with every template in it resolved. */
export type Resolved<T> = T extends Template
  ? ResolvedText
  : T extends readonly (infer Item)[]
    ? Resolved<Item>[]
    : T extends object
      ? { [Key in keyof T]: Resolved<T[Key]> }
      : T

/** Says why `text` is no template (a `${` that does not name a variable), or `undefined` when it is one. */
export function templateProblem(text: string): string | undefined {
  const rest = text.replaceAll(REFERENCE, '')
  const at = rest.indexOf('${')
  if (at < 0) return undefined
  return `${JSON.stringify(rest.slice(at, at + 20))} does not name an environment variable; write \${NAME} with letters, digits and _`
}

/** A variable that the runbook file names has no value here: asking again cannot help. */
export class VariableMissing extends UserError {}

/**
 * Resolves a template, or every template inside a section of the runbook, from the environment.
 * All missing variables are named in one `VariableMissing`. An empty variable counts as missing: that is what a secret
 * that does not exist looks like in a workflow.
 */
export function resolve<T>(value: T, environment: Environment): Resolved<T> {
  const missing = [...new Set(templatesIn(value).flatMap((template) => template.variables))].filter(
    (name) => !environment[name],
  )
  if (missing.length > 0) {
    const names = missing.map((name) => `\${${name}}`).join(', ')
    throw new VariableMissing(
      `The runbook refers to ${names}, which ${missing.length === 1 ? 'is' : 'are'} not set or empty`,
      `Set ${missing.length === 1 ? 'it' : 'them'} as a variable of the repository or its environment, a secret as a line of RUNBOOK_SECRETS; in a terminal, in the shell`,
    )
  }
  return resolveIn(value, environment) as Resolved<T>
}

function resolveIn(value: unknown, environment: Environment): unknown {
  if (value instanceof Template) {
    return new ResolvedText(
      value,
      value.text.replaceAll(REFERENCE, (_, name: string) => environment[name] ?? ''),
    )
  }
  if (Array.isArray(value)) return value.map((item) => resolveIn(item, environment))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveIn(item, environment)]))
  }
  return value
}

/** Every template inside a value. */
export function templatesIn(value: unknown): Template[] {
  if (value instanceof Template) return [value]
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(templatesIn)
  return []
}
