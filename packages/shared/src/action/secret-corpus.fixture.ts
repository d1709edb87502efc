/** Secrets as people store them, each around one canary that must never be seen. */

export interface StoredSecret {
  readonly shape: string
  /** The value of the input. */
  readonly value: string
  /** The part that is worth stealing. */
  readonly canary: string
}

const word = 'Canary-7f3K9q'
const odd = 'p4ss w&rd/"<\'+ü%$ >>>???~~~'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const bodyLine = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
const pem = `-----BEGIN PRIVATE KEY-----\n${bodyLine}\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3S\n-----END PRIVATE KEY-----\n`

const kubeconfig = (user: string): string => `apiVersion: v1
kind: Config
clusters:
  - name: production
    cluster: { server: "https://10.0.0.1:6443", certificate-authority-data: ${base64('a public certificate')} }
users:
  - name: deployer
    user:
${user.replace(/^/gmu, '      ')}
`

export const storedSecrets: readonly StoredSecret[] = [
  { shape: 'a password', value: word, canary: word },
  { shape: 'a password with line end', value: `${word}\n`, canary: word },
  { shape: 'a password of odd characters', value: odd, canary: odd },
  { shape: 'several lines', value: `first-secret-1\n${word}\nlast-secret-1`, canary: word },
  { shape: 'a key in PEM', value: pem, canary: bodyLine },
  { shape: 'a kubeconfig with a token', value: kubeconfig(`token: ${word}`), canary: word },
  {
    shape: 'a kubeconfig with a password',
    value: kubeconfig(`username: ana\npassword: '${word}'`),
    canary: word,
  },
  {
    shape: 'a kubeconfig with a key',
    value: kubeconfig(`client-key-data: ${base64(pem)}`),
    canary: base64(pem),
  },
  {
    shape: 'the key inside a kubeconfig',
    value: kubeconfig(`client-key-data: ${base64(pem)}`),
    canary: bodyLine,
  },
  {
    shape: 'a kubeconfig with a secret in the environment of its plugin',
    value: kubeconfig(
      `token: another-token\nexec:\n  command: login\n  env:\n    - name: CLIENT_SECRET\n      value: ${word}`,
    ),
    canary: word,
  },
  {
    shape: 'a kubeconfig with a secret in the arguments of its plugin',
    value: kubeconfig(`exec:\n  command: login\n  args: [get-token, --client-secret, '${word}']`),
    canary: word,
  },
  {
    shape: 'a kubeconfig with a secret in an argument of its plugin',
    value: kubeconfig(
      `exec:\n  command: login\n  args: [get-token, '--client-secret=${odd.replace("'", "''")}']`,
    ),
    canary: odd,
  },
  {
    shape: 'a kubeconfig in JSON',
    value: JSON.stringify({ kind: 'Config', users: [{ user: { token: word } }] }),
    canary: word,
  },
  { shape: 'a kubeconfig in base64', value: base64(kubeconfig(`token: ${word}`)), canary: word },
  {
    shape: 'a service account of a cloud',
    value: JSON.stringify({ type: 'service_account', project_id: 'shop', private_key: pem }, undefined, 2),
    canary: bodyLine,
  },
  {
    shape: 'credentials of a cloud',
    value: JSON.stringify({ clientId: 'shop-deployer', clientSecret: odd }),
    canary: odd,
  },
  {
    shape: 'a login of a registry',
    value: JSON.stringify({ auths: { 'ghcr.io': { auth: base64(`ana:${word}`) } } }),
    canary: word,
  },
  {
    shape: 'a JAAS entry',
    value: `org.apache.kafka.common.security.plain.PlainLoginModule required username="ana" password="${word}";`,
    canary: word,
  },
  { shape: 'a database address', value: `postgres://ana:${word}@db.internal:5432/shop`, canary: word },
  {
    shape: 'an address with an encoded password',
    value: `amqp://ana:${encodeURIComponent(odd)}@mq.internal`,
    canary: odd,
  },
  { shape: 'a properties file', value: `user=ana\nsasl.password=${word}\nretries=3\n`, canary: word },
  {
    shape: 'a connection string',
    value: `Endpoint=x;AccountName=shop;AccountKey=${base64(word)};Suffix=y`,
    canary: base64(word),
  },
  { shape: 'an authorization header', value: `Authorization: Bearer ${word}`, canary: word },
  { shape: 'a basic authorization', value: `Basic ${base64(`ana:${word}`)}`, canary: word },
  { shape: 'JSON whose keys say nothing', value: JSON.stringify({ a: word }), canary: word },
]

export interface Encoding {
  readonly name: string
  readonly encode: (text: string) => string
  /** The part of the encoded text that depends on nothing but the secret; all of it where absent. */
  readonly own?: (encoded: string, text: string) => string
}

const json = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Inside a longer base64 the first and the last character carry bits of the neighbours too. */
function insideBase64(before: string, after: string): Pick<Encoding, 'encode' | 'own'> {
  const start = Math.ceil((before.length * 8) / 6)
  return {
    encode: (text) => base64(before + text + after),
    own: (encoded, text) =>
      encoded.slice(start, Math.floor(((before.length + Buffer.byteLength(text)) * 8) / 6)),
  }
}

export const encodings: readonly Encoding[] = [
  { name: 'plain', encode: (text) => text },
  { name: 'base64', encode: base64 },
  { name: 'base64 after one byte', ...insideBase64('1', ':more') },
  { name: 'base64 after two bytes', ...insideBase64('u:', ':more') },
  { name: 'base64 after three bytes', ...insideBase64('an:', ':more') },
  { name: 'base64url', encode: (text) => Buffer.from(text).toString('base64url') },
  { name: 'URL', encode: encodeURIComponent },
  { name: 'form', encode: (text) => new URLSearchParams({ x: text }).toString().slice(2) },
  { name: 'JSON', encode: json },
  { name: 'JSON in JSON', encode: (text) => json(json(text)) },
  {
    name: 'HTML',
    encode: (text) =>
      text.replace(
        /[&<>"']/gu,
        (char) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[char] ?? '#39'};`,
      ),
  },
]
