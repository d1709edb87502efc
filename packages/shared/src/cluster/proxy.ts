import { BlockList, isIP } from 'node:net'
import { UserError } from '../errors.ts'

/** The environment, as the caller hands it over. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for `server`: the kubeconfig's `proxy-url`, else HTTPS_PROXY (HTTP_PROXY for plain http), unless
 * NO_PROXY names the host. Lower-case names win, as in curl and Go. An empty value means no proxy.
 */
export function proxyFor(server: URL, proxyUrl: string | undefined, env: Environment): string | undefined {
  if (proxyUrl !== undefined && proxyUrl !== '') return validProxy(proxyUrl, 'proxy-url of the kubeconfig')
  const name = server.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const proxy = env[name] ?? env[name.toUpperCase()] ?? ''
  if (proxy === '' || isExempt(server, env.no_proxy ?? env.NO_PROXY ?? '')) return undefined
  return validProxy(
    proxy.includes('://') ? proxy : `http://${proxy}`,
    `environment variable ${name.toUpperCase()}`,
  )
}

/** Not repeated in the message: it may hold a password. */
function validProxy(proxy: string, source: string): string {
  // The name is resolved by the proxy with either.
  const url = URL.parse(proxy.replace(/^socks5h:/, 'socks5:'))
  if (url !== null && ['http:', 'https:', 'socks5:'].includes(url.protocol)) return url.href
  throw new UserError(
    `The ${source} is not the URL of a proxy`,
    'Give one that begins with http, https or socks5.',
  )
}

/** NO_PROXY as Go reads it, since kubectl does: hosts, `.domains`, `host:port`, addresses, CIDR ranges, `*`. */
function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = server.port === '' ? defaultPort(server) : server.port
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.')
  return (
    isLoopback ||
    noProxy.split(/[,\s]+/).some((entry) => entry !== '' && matches(entry.toLowerCase(), host, port))
  )
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return inRange(entry, host)
  const { name, onlyPort } = /^\[?(?<name>.+?)\]?:(?<onlyPort>\d+)$/.exec(entry)?.groups ?? {}
  const isAddress = isIP(entry) !== 0
  if (!isAddress && onlyPort !== undefined && onlyPort !== port) return false
  const pattern = (isAddress ? entry : (name ?? entry)).replace(/^\*\./, '.')
  if (pattern.startsWith('.')) return host.endsWith(pattern)
  return host === pattern || host.endsWith(`.${pattern}`)
}

function inRange(range: string, host: string): boolean {
  const [network = '', prefix = ''] = range.split('/')
  const families = { 4: 'ipv4', 6: 'ipv6' } as const
  const family = isIP(network)
  if (family !== isIP(host) || (family !== 4 && family !== 6) || !/^\d+$/.test(prefix)) return false
  const length = Number(prefix)
  if (length > (family === 4 ? 32 : 128)) return false
  const ranges = new BlockList()
  ranges.addSubnet(network, length, families[family])
  return ranges.check(host, families[family])
}

function defaultPort(server: URL): string {
  return server.protocol === 'https:' ? '443' : '80'
}
