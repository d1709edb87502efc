import { UserError } from '../errors.ts'
import { PassingFailure } from './broker-error.ts'

/** What a socket failed with, in words; certificates do not mend themselves, the rest may. */
export function explainConnection(error: Error, name: string, encrypted: boolean): Error {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const options = { cause: error }
  const tls = encrypted ? explainTls(code, error.message, name) : undefined
  if (tls !== undefined) return new UserError(tls.message, tls.next, options)
  switch (code) {
    case 'ECONNREFUSED':
      return new PassingFailure(
        `${name} refused the connection.`,
        'Check that the broker runs and that the port is the one of its listener.',
        options,
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new PassingFailure(
        `The name of ${name} cannot be resolved.`,
        'Check kafka.brokers. Where the name is one of the cluster or of the brokers’ own (advertised.listeners), lag is read by a Job inside the cluster: kafka.source: job.',
        options,
      )
    case 'ECONNRESET':
    case 'EPIPE':
      return new PassingFailure(
        `${name} cut the connection.`,
        encrypted
          ? 'A listener without TLS cuts it like this: see kafka.tls.'
          : 'A listener that wants TLS or a login cuts it like this: see kafka.tls and kafka.sasl.',
        options,
      )
    default:
      return new PassingFailure(`The connection to ${name} failed: ${error.message}`, undefined, options)
  }
}

interface Explanation {
  readonly message: string
  readonly next: string
}

function explainTls(code: string, said: string, name: string): Explanation | undefined {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return {
        message: `The certificate of ${name} comes from an authority that is not known here.`,
        next: 'Name the authority of the brokers: kafka.tls.ca.',
      }
    case 'CERT_HAS_EXPIRED':
      return { message: `The certificate of ${name} has expired.`, next: 'Renew it on the broker.' }
    case 'CERT_NOT_YET_VALID':
      return { message: `The certificate of ${name} is not valid yet.`, next: 'Compare the clocks.' }
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        message: `The certificate of ${name} is of another name: ${said}`,
        next: 'Address the brokers by a name of the certificate, or say which name it carries: kafka.tls.server-name.',
      }
    case 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED':
    case 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE':
    case 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE':
    case 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN':
    case 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN':
    case 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA':
    case 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE':
      return {
        message: `${name} does not accept our client certificate, or misses one: ${said}`,
        next: 'Give it a client certificate that the brokers trust: kafka.tls.certificate and kafka.tls.key.',
      }
    default:
      return code.startsWith('ERR_SSL_') || code === 'EPROTO'
        ? {
            message: `${name} does not speak TLS as we do: ${said}`,
            next: 'A listener without TLS answers like this (kafka.tls: false), and so does a port of something else.',
          }
        : undefined
  }
}
