import { sign } from 'aws4'
import { UserError } from '../errors.ts'
import type { Environment } from '../runbook/template.ts'

/** As long as the brokers accept it; they take no longer. */
const validSeconds = 900

/**
 * The token by which AWS MSK lets somebody in: a request to connect, signed with the AWS credentials of the
 * environment (Signature Version 4), as an address in base64url.
 *
 * @throws UserError where the environment holds no credentials
 */
export function mskIamToken(region: string, environment: Environment, now: Date): string {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new UserError(
      'There are no AWS credentials to log in to MSK with.',
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN); aws-actions/configure-aws-credentials does it by OIDC.',
    )
  }
  const date = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const host = `kafka.${region}.amazonaws.com`
  const { path = '' } = sign(
    {
      service: 'kafka-cluster',
      region,
      host,
      path: `/?Action=kafka-cluster%3AConnect&X-Amz-Date=${date}&X-Amz-Expires=${validSeconds}`,
      signQuery: true,
    },
    {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    },
  )
  return Buffer.from(`https://${host}${path}&User-Agent=runbook-actions`).toString('base64url')
}
