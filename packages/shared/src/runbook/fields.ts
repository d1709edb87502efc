import * as z from 'zod'
import { DURATION_EXPECTED, DURATION_PATTERN, parseDuration } from './durations.ts'
import { PERCENTAGE_EXPECTED, PERCENTAGE_PATTERN, parsePercentage } from './percentages.ts'
import { Template, templateProblem } from './template.ts'

/**
 * The leaves of the schema. Each says in its `error` what is valid ("a duration such as …"); the reporter adds what was
 * found and where. Checks with a whole sentence of their own use `refine`.
 * `title` names the type in editors and in the reference; `writeOnly` keeps the found value out of messages. Every
 * action makes all of them when it starts: what is the same everywhere is made once, and none twice (`meta` copies).
 */

/** Text with a value of its own: `parse` gives `undefined` for what is not valid. */
function parsed<T>(expected: string, format: RegExp, parse: (text: string) => T | undefined) {
  return z
    .string({ error: expected })
    .regex(format, { error: expected })
    .transform((text, context): T => {
      const value = parse(text)
      if (value !== undefined) return value
      context.addIssue({ code: 'invalid_format', format: 'text', message: expected })
      return z.NEVER
    })
}

/** A duration, parsed to milliseconds. */
export const duration = parsed(DURATION_EXPECTED, DURATION_PATTERN, parseDuration).register(
  z.globalRegistry,
  { title: 'duration' },
)

/** A percentage, parsed to a share: `1%` is 0.01. */
export const percentage = parsed(PERCENTAGE_EXPECTED, PERCENTAGE_PATTERN, parsePercentage).register(
  z.globalRegistry,
  { title: 'percentage' },
)

/** A percentage of a whole, at most 100 %. */
export const share = percentage.refine((value) => value <= 1, {
  error: 'a share of a whole is at most 100%',
})

/** A whole number from `least` on. */
export function count(least = 0) {
  const error = `a whole number from ${least} on`
  return z
    .int({ error })
    .min(least, { error })
    .max(1_000_000_000, { error: 'a number below one thousand million' })
}

const aPort = { error: 'a port from 1 to 65535' }

/** A TCP port. */
export const port = z.int(aPort).min(1, aPort).max(65_535, aPort)

/** The name of a Kubernetes object: DNS-1123, a label (at most 63 characters, no dots). */
export function dnsLabel(example: string) {
  const error = `a DNS-1123 name (lower case letters, digits and "-", at most 63 characters) such as ${example}`
  return z
    .string({ error })
    .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, { error })
    .register(z.globalRegistry, { title: 'name' })
}

/** A name that may hold dots: DNS-1123, a subdomain (at most 253 characters). */
export function dnsName(example: string) {
  const error = `a DNS-1123 name (lower case letters, digits, "-" and ".") such as ${example}`
  return z
    .string({ error })
    .max(253, { error })
    .regex(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/, { error })
    .register(z.globalRegistry, { title: 'name' })
}

/** Text in one line. */
export function text(expected: string) {
  return z
    .string({ error: expected })
    .regex(/^(?=.*\S).{1,500}$/, { error: expected })
    .refine(isPrintable, { error: CONTROL_CHARACTERS })
    .register(z.globalRegistry, { title: 'text' })
}

const CONTROL_CHARACTERS = 'the text holds control characters; write it in one line of plain text'

function isPrintable(value: string): boolean {
  return !/\p{Cc}/u.test(value)
}

/** An absolute path of an HTTP endpoint. */
export function urlPath(example: string) {
  const error = `a path that begins with "/", such as ${example}`
  return z
    .string({ error })
    .regex(/^\/[\w\-./~%?&=]{0,500}$/, { error })
    .register(z.globalRegistry, { title: 'path' })
}

/** A file of the caller's repository, relative to its root; it cannot leave it. */
export function filePath(example: string) {
  const error = `a file of the repository, relative to its root, such as ${example}`
  return z
    .string({ error })
    .regex(/^(?![\s/~-])(?!.*(?:^|\/)\.\.(?:\/|$))[^\\]{1,300}$/, { error })
    .refine(isPrintable, { error: CONTROL_CHARACTERS })
    .register(z.globalRegistry, { title: 'file' })
}

/** A regular expression (JavaScript, searched without regard to case), kept as its source. */
export const pattern = z
  .string({ error: 'a regular expression such as \\berror\\b' })
  .min(1, { error: 'a regular expression such as \\berror\\b' })
  .max(500, { error: 'a regular expression of at most 500 characters' })
  .superRefine((source, context) => {
    try {
      new RegExp(source, 'iu')
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error)
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(source)} is no regular expression: ${reason}`,
      })
    }
  })
  .register(z.globalRegistry, { title: 'regular expression' })

/** Text in which `${NAME}` stands for an environment variable; resolved late, see `template.ts`. */
export function template(expected: string) {
  return text(expected)
    .superRefine((value, context) => {
      const problem = templateProblem(value)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
    })
    .transform((value) => new Template(value))
    .register(z.globalRegistry, { title: 'text with ${ENV}' })
}

/** A secret: only the name of the variable that holds it may stand in the file, and a message never shows what was found. */
export function secret(example: string) {
  const error = `a secret does not stand in the file; name the variable that holds it, such as \${${example}}`
  return z
    .string({ error })
    .regex(/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/, { error })
    .transform((value) => new Template(value))
    .register(z.globalRegistry, { title: '${ENV} of a secret', writeOnly: true })
}

/** An HTTP address, with `${NAME}` allowed in it. User and password do not belong there. */
export function url(example: string) {
  const expected = `an http(s) address or a variable that holds one, such as ${example}`
  return template(expected).refine(({ text: value }) => isAddress(value), { error: `expected ${expected}` })
}

/** An http(s) address that is the same everywhere: no variables, and no fragment, because we add one. */
export function page(example: string) {
  const error = `an http(s) address without "#", such as ${example}`
  return z
    .string({ error })
    .regex(/^https?:\/\/[^\s#]+$/, { error })
    .register(z.globalRegistry, { title: 'page' })
}

function isAddress(value: string): boolean {
  if (value.startsWith('${')) return true
  if (!/^https?:\/\//.test(value)) return false
  const parsed = URL.parse(value.replaceAll(/\$\{\w+\}/g, 'variable'))
  return parsed !== null && parsed.username === '' && parsed.password === ''
}

/** A metric: its name and labels that must match, as both Prometheus and a plain scrape can select it. */
export interface Series {
  name: string
  labels: Record<string, string>
}

const SERIES = /^([A-Za-z_:][\w:]*)(?:\{((?:[A-Za-z_]\w*="[^"\\\n]*"(?:, ?|(?=\})))*)\})?$/

/** A series selector such as `downloads_total{outcome="success"}`, equality only. */
export function series(example: string) {
  return parsed(`a metric with optional labels, such as ${example}`, SERIES, parseSeries).register(
    z.globalRegistry,
    {
      title: 'series',
    },
  )
}

function parseSeries(selector: string): Series | undefined {
  const match = SERIES.exec(selector)
  if (match?.[1] === undefined) return undefined
  const labels: Record<string, string> = {}
  for (const [, label = '', value = ''] of (match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g))
    labels[label] = value
  return { name: match[1], labels }
}

const aQuery = { error: 'a PromQL query' }

/** A PromQL query that replaces the built one. */
export const query = z
  .string(aQuery)
  .min(1, aQuery)
  .max(5_000, aQuery)
  .register(z.globalRegistry, { title: 'PromQL' })
