import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createMasker } from './masking.ts'
import { encodings, storedSecrets } from './secret-corpus.fixture.ts'
import { redactPatterns } from './secret-patterns.ts'
import { secretShapes } from './secret-shapes.ts'

/** The longest piece of `secret` that can be read in `text`, in characters. */
function longestPiece(secret: string, text: string): number {
  let longest = 0
  for (let start = 0; start < secret.length; start++) {
    while (text.includes(secret.slice(start, start + longest + 1)) && start + longest < secret.length)
      longest++
  }
  return longest
}

/** What the runner does with the shapes that it was told, in its own log. */
function runnerMask(shapes: readonly string[], text: string): string {
  return [...shapes]
    .sort((a, b) => b.length - a.length)
    .reduce((rest, shape) => rest.replaceAll(shape, '***'), text)
}

describe.each(storedSecrets)('$shape', ({ value, canary }) => {
  it.each(encodings)('is not readable as $name', ({ encode, own }) => {
    const told: string[] = []
    const masker = createMasker((shape) => told.push(shape))
    expect(masker.mask(value)).toBe(true)
    for (const secret of [canary, value]) {
      const encoded = encode(secret)
      const printed = `before ${encoded} after`
      const secretPart = own?.(encoded, secret) ?? encoded
      expect(secretPart.length).toBeGreaterThan(10)
      // A byte or two may remain where base64 mixes it with its neighbours.
      expect(longestPiece(secretPart, masker.redact(printed))).toBeLessThanOrEqual(3)
      expect(longestPiece(secretPart, runnerMask(told, printed))).toBeLessThanOrEqual(3)
    }
  })
})

describe('secret shapes', () => {
  it('are the value and its encodings', () => {
    expect(secretShapes('hunter2/x')).toEqual(
      expect.arrayContaining(['hunter2/x', 'aHVudGVyMi94', 'hunter2%2Fx', 'hunter2%2fx', 'hunter2\\/x']),
    )
  })

  it('never hold what is too short or an everyday word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (value) => {
        for (const shape of secretShapes(value)) expect(shape.trim().length).toBeGreaterThanOrEqual(4)
      }),
    )
    for (const value of ['', 'abc', ' a ', 'true', 'Production', 'prod\n', 'latest'])
      expect(secretShapes(value)).toEqual([])
    expect(secretShapes('user: ana\npassword: prod\nhost: staging')).toEqual(
      expect.not.arrayContaining(['prod', 'staging', 'ana']),
    )
  })

  it('of a kubeconfig are not its structure, names and addresses', () => {
    const { value } = storedSecrets.find(({ shape }) => shape === 'a kubeconfig with a token')!
    const printed =
      'kind: Config, apiVersion: v1, cluster production at https://10.0.0.1:6443 as deployer; users: clusters:'
    expect(runnerMask(secretShapes(value), printed)).toBe(printed)
  })

  it('of a kubeconfig that logs in by a plugin are not the names in its arguments', () => {
    const { value } = storedSecrets.find(({ shape }) => shape.endsWith('the arguments of its plugin'))!
    const plugin = "[eks, get-token, --cluster-name, shop-production, '--region=eu-central-1']"
    const printed =
      'shop-production in eu-central-1 at https://10.0.0.1:6443, apiVersion: v1, by eks get-token'
    const told = secretShapes(value.replace(/\[get-token.*\]/u, plugin))
    expect(runnerMask(told, printed)).toBe(printed)
  })

  it('of a short credential are not the lines that happen to hold its letters', () => {
    expect(secretShapes('password: a\nkind: Database')).not.toContain('kind: Database')
  })

  it('end for any text, also for hostile documents', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.base64String()), (value) => {
        expect(Array.isArray(secretShapes(value))).toBe(true)
      }),
      { numRuns: 500 },
    )
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, i) => {
      const [name, last] = [`b${i}`, i === 0 ? 'a' : `b${i - 1}`]
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${last}`).join(',')}]`
    }).join('\n')}`
    expect(secretShapes(bomb)).toContain(bomb)
  })
})

describe('redact', () => {
  it('knows credentials by their look', () => {
    const cases: [string, string][] = [
      ['GET / Authorization: Bearer abc.def-123', 'GET / Authorization: ***'],
      ['{"authorization":"Basic YW5hOmh1bnRlcjI="}', '{"authorization":"***"}'],
      ['curl -H "authorization: token x"', 'curl -H "authorization: ***"'],
      ['connect postgres://ana:hunter2@db:5432/x', 'connect postgres://***@db:5432/x'],
      ['https://ghp-user@github.com/o/r', 'https://***@github.com/o/r'],
      ['password=hunter2 user=ana', 'password=*** user=ana'],
      [
        'sasl: { mechanism: "plain", username: "ana", password: "hunter2" }',
        'sasl: { mechanism: "plain", username: "ana", password: "***" }',
      ],
      ["password: 'it\\'s secret' }", "password: '***' }"],
      ['{\\"password\\":\\"hunter2\\",\\"a\\":1}', '{\\"password\\":\\"***\\",\\"a\\":1}'],
      ['client_secret=abc&x=1', 'client_secret=***&x=1'],
      ['"token": "abc"', '"token": "***"'],
      ['token=0123456789abcdef0123', 'token=***'],
      ['sasl.jaas.config=x required password="y";', 'sasl.jaas.config=***'],
      ['x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl y', 'x *** y'],
      [`found ghp_${'a'.repeat(36)}`, 'found ***'],
      ['POST https://hooks.slack.com/services/T0/B0/xyz', 'POST https://hooks.slack.com/services/***'],
      ['https://x.blob/y?sv=1&sig=abc%3D', 'https://x.blob/y?sv=1&sig=***'],
      ['-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx', '***\nx'],
      ['password: "cut of', 'password: *** of'],
    ]
    expect(cases.map(([text]) => [text, redactPatterns(text)])).toEqual(cases)
  })

  it.each([
    'invalid token: expected "," at line 3',
    'password authentication failed for user "ana"',
    'secrets is forbidden: User "deployer" cannot list resource "secrets"',
    'GET https://10.0.0.1:6443/api/v1/namespaces/shop/pods?limit=500&continue=abc',
    'image ghcr.io/shop/worker@sha256:0123456789abcdef0123456789abcdef',
    'by @ana, approved by @marc 10:09',
    'Basic checks passed, bearer of news',
    'https://github.com/o/r/actions/runs/1?check_suite_focus=true',
    '{"volumes":[{"name":"tls","secret":{"secretName":"tls"}}],"secret":[1]}',
    'tokens: 15, key: files-7, partition key=ab',
  ])('leaves %j', (text) => {
    expect(redactPatterns(text)).toBe(text)
  })

  it('takes a second of processor time at most for a megabyte of near misses', () => {
    for (const piece of [
      'password',
      '://a',
      'token ',
      '-----BEGIN PRIVATE KEY-----',
      'authorization: ',
      'a.',
      '"password":"',
    ]) {
      const text = piece.repeat(1_000_000 / piece.length)
      const start = process.cpuUsage()
      redactPatterns(text)
      expect([piece, process.cpuUsage(start).user < 1e6]).toEqual([piece, true])
    }
  })
})

describe('redactKnown', () => {
  it('changes nothing in data but the secrets themselves', () => {
    const masker = createMasker(() => undefined)
    masker.mask('canary-4711')
    const record = JSON.stringify({
      password: 'x',
      token: null,
      evidence: ['authorization: a', 'canary-4711'],
    })
    expect(masker.redactKnown(record)).toBe(record.replace('canary-4711', '***'))
  })
})
