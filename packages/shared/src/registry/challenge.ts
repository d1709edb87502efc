/** How a registry wants to be asked, by its `WWW-Authenticate`. */
export type Challenge =
  | { readonly scheme: 'basic' }
  /** A token is fetched from `realm` first. */
  | {
      readonly scheme: 'bearer'
      readonly realm: string
      readonly service?: string
      readonly scope?: string
    }

/** The challenge that can be met, tokens before passwords; undefined where there is none such. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const bearer = parametersOf('bearer', header ?? '')
  const realm = bearer?.get('realm')
  if (bearer !== undefined && realm !== undefined) {
    const [service, scope] = [bearer.get('service'), bearer.get('scope')]
    return {
      scheme: 'bearer',
      realm,
      ...(service !== undefined && { service }),
      ...(scope !== undefined && { scope }),
    }
  }
  return parametersOf('basic', header ?? '') === undefined ? undefined : { scheme: 'basic' }
}

const parameter = /^[\s,]*(?<name>[\w-]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<token>[^\s,"]+))/u

/** The parameters of one scheme; a header may hold several challenges, and commas in quotes. */
function parametersOf(scheme: string, header: string): ReadonlyMap<string, string> | undefined {
  const start = new RegExp(`(?:^|[\\s,])${scheme}(?=\\s|$)`, 'iu').exec(header)
  if (start === null) return undefined
  let rest = header.slice(start.index + start[0].length)
  const found = new Map<string, string>()
  for (let match = parameter.exec(rest); match !== null; match = parameter.exec(rest)) {
    const { name = '', quoted, token = '' } = match.groups ?? {}
    found.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/gu, '$1') ?? token)
    rest = rest.slice(match[0].length)
  }
  return found
}
