import type { TransportError } from './transport-error.ts'

/** One sentence and what to do next. */
export interface Explanation {
  readonly message: string
  readonly next: string
}

/** Why the API server could not be reached, and where to look. */
export function explainTransport({
  code,
  server,
  fields,
  isCertificateProblem,
  attempts,
}: TransportError): Explanation {
  const tried =
    attempts === undefined
      ? ''
      : ` (${attempts.count} attempts in ${Math.round(attempts.elapsedMs / 1000)} s)`
  if (isCertificateProblem) return explainCertificate(code, server, fields.problem)
  const known = reasons[code]
  if (known !== undefined)
    return { message: `The API server ${server} ${known.message}${tried}`, next: known.next }
  return {
    message: `The connection to the API server ${server} failed${tried}: ${fields.problem}`,
    next: 'Check the network between this runner and the cluster (proxy, VPN, firewall), then run again.',
  }
}

const firewall =
  'Check the server in the kubeconfig; a private cluster needs a runner inside its network, or a VPN.'

const reasons: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: { message: 'refuses connections: nothing listens there', next: firewall },
  ENOTFOUND: { message: 'has a host name that does not exist here', next: firewall },
  EAI_AGAIN: {
    message: 'has a host name that cannot be resolved: the name server does not answer',
    next: firewall,
  },
  EHOSTUNREACH: { message: 'is not reachable from here', next: firewall },
  ENETUNREACH: { message: 'is in a network that is not reachable from here', next: firewall },
  ETIMEDOUT: { message: 'does not answer from here', next: firewall },
  UND_ERR_CONNECT_TIMEOUT: { message: 'does not answer from here', next: firewall },
  TIMEOUT: {
    message: 'did not answer in time',
    next: 'Look at the health of the control plane (`kubectl get --raw /readyz?verbose`), then run again.',
  },
  SILENT: {
    message: 'takes requests and does not answer them',
    next: 'Look at the health of the control plane (`kubectl get --raw /readyz?verbose`) and at the network to it, then run again.',
  },
  PROXY_REFUSED: {
    message: 'is behind a proxy that refuses the way to it',
    next: 'Check HTTPS_PROXY and its credentials, or put the host into NO_PROXY.',
  },
  PROXY_FAILED: {
    message: 'cannot be reached by the proxy',
    next: 'Check HTTPS_PROXY, or put the host into NO_PROXY.',
  },
  INVALID_ANSWER: {
    message: 'gave an answer that is not from Kubernetes, or not complete',
    next: 'Check the server in the kubeconfig, and what stands between (a login page of a proxy?).',
  },
}

function explainCertificate(code: string, server: string, problem: string): Explanation {
  const chain = [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ]
  const message = `The certificate of the API server ${server} cannot be trusted`
  if (chain.includes(code) || code.startsWith('UNABLE_TO_GET_ISSUER')) {
    return {
      message: `${message}: it is not signed by the certificate authority of the kubeconfig (${code})`,
      next: 'Put the cluster’s own CA into certificate-authority-data; a proxy that opens TLS signs with another one.',
    }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const next =
      'Use one of the names in the certificate as server, or set tls-server-name in the kubeconfig.'
    return { message: `${message}: it is for other names (${problem})`, next }
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const next = 'Renew it (kubeadm certs renew), or set the clock of this machine.'
    return {
      message: `${message}: ${code === 'CERT_HAS_EXPIRED' ? 'it has expired' : 'it is not valid yet'}`,
      next,
    }
  }
  return {
    message: `No TLS connection with the API server ${server} can be made: ${problem} (${code})`,
    next: 'Check that the server speaks https, and the client certificate in the kubeconfig.',
  }
}
