import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { mskIamToken } from './msk-iam-token.ts'

const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const now = new Date('2026-11-23T10:00:00.123Z')
const addressOf = (token: string) => new URL(Buffer.from(token, 'base64url').toString('utf8'))
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Signature Version 4 of a query, step by step as AWS describes it. */
function signatureOf(address: URL, secret: string): string {
  const query = [...address.searchParams]
    .filter(([name]) => !['X-Amz-Signature', 'User-Agent'].includes(name))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join('&')
  const request = `GET\n/\n${query}\nhost:${address.host}\n\nhost\n${sha256('')}`
  const scope = '20261123/eu-central-1/kafka-cluster/aws4_request'
  const toSign = `AWS4-HMAC-SHA256\n20261123T100000Z\n${scope}\n${sha256(request)}`
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secret}`)
  return hmac(key, toSign).toString('hex')
}

describe('mskIamToken', () => {
  it('is a request to connect, signed for a quarter of an hour', () => {
    const address = addressOf(mskIamToken('eu-central-1', credentials, now))
    expect(address.origin + address.pathname).toBe('https://kafka.eu-central-1.amazonaws.com/')
    expect(Object.fromEntries(address.searchParams)).toEqual({
      Action: 'kafka-cluster:Connect',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20261123/eu-central-1/kafka-cluster/aws4_request',
      'X-Amz-Date': '20261123T100000Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': signatureOf(address, credentials.AWS_SECRET_ACCESS_KEY),
      'User-Agent': 'runbook-actions',
    })
  })

  it('is what AWS’s own signer makes of the same credentials and time', () => {
    // aws-msk-iam-sasl-signer-js 1.0.3 at that time; it asks for the same, and its name is not signed.
    const { searchParams } = addressOf(mskIamToken('eu-central-1', credentials, now))
    expect(searchParams.get('X-Amz-Signature')).toBe(
      '52b87735e1994b7b735e94f08d8a63cffc6234698a4a5c88d1fd45da3dfe1c49',
    )
  })

  it('carries and signs the session of temporary credentials', () => {
    const temporary = { ...credentials, AWS_SESSION_TOKEN: 'FwoGZXIvYXdzE/x+y==' }
    const address = addressOf(mskIamToken('eu-central-1', temporary, now))
    expect(address.searchParams.get('X-Amz-Security-Token')).toBe('FwoGZXIvYXdzE/x+y==')
    const signature = signatureOf(address, credentials.AWS_SECRET_ACCESS_KEY)
    expect(signature).toBe('48eaa60d0e91260913ab8d743b8f616553df05377ca8011ce1ce3e4fcf68e01c')
    expect(address.searchParams.get('X-Amz-Signature')).toBe(signature)
  })

  it.each([{}, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE' }, { ...credentials, AWS_SECRET_ACCESS_KEY: '' }])(
    'says what is missing in %j',
    (environment) => {
      expect(() => mskIamToken('eu-central-1', environment, now)).toThrow('There are no AWS credentials')
    },
  )
})
