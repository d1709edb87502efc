import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExtraListener } from './server-properties.ts'

/** A certificate of 127.0.0.1 with its key, both PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** A certificate that is its own authority. */
export function selfSigned(commonName: string): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const names = ['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export const user = 'lag-reader'
export const password = 'hush-hush-77'

const module = (name: string, options = ''): string =>
  `org.apache.kafka.common.security.${name} required${options};`

/** One listener for each way into a broker: TLS, a client certificate, and the logins, with TLS and without. */
export function securedListeners(server: Certificate, client: Certificate): ExtraListener[] {
  const keystore = {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': server.cert,
    'ssl.keystore.key': server.key,
  }
  const logins = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'plain.sasl.jaas.config': module('plain.PlainLoginModule', ` user_${user}="${password}"`),
    'scram-sha-256.sasl.jaas.config': module('scram.ScramLoginModule'),
    'scram-sha-512.sasl.jaas.config': module('scram.ScramLoginModule'),
    // Tokens without a signature: Kafka's own check for tests, of the times and the subject.
    'oauthbearer.sasl.jaas.config': module('oauthbearer.OAuthBearerLoginModule'),
  }
  return [
    { name: 'ENCRYPTED', protocol: 'SSL', settings: keystore },
    {
      name: 'MUTUAL',
      protocol: 'SSL',
      settings: {
        ...keystore,
        'ssl.client.auth': 'required',
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.certificates': client.cert,
      },
    },
    { name: 'LOGIN', protocol: 'SASL_SSL', settings: { ...keystore, ...logins } },
    {
      name: 'ONLYPLAIN',
      protocol: 'SASL_PLAINTEXT',
      settings: {
        'sasl.enabled.mechanisms': 'PLAIN',
        'plain.sasl.jaas.config': logins['plain.sasl.jaas.config'],
      },
    },
  ]
}
