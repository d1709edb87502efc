import { describe, expect, it } from '@jest/globals'
import { UserError } from '../errors.ts'
import { AmbiguousWrite, ApiError, PodUnreachable } from './api-error.ts'
import { explain } from './explain.ts'
import { TransportError } from './transport-error.ts'

const request = {
  method: 'PATCH',
  path: '/apis/apps/v1/namespaces/team/deployments/web?fieldManager=x',
  kind: 'Deployment',
  namespace: 'team',
  name: 'web',
}
const server = 'https://api.example:6443'
const refusal = (status: number, reason: string, message: string, details?: object) =>
  new ApiError({
    ...request,
    server,
    status,
    body: { kind: 'Status', reason, message, ...(details && { details }) },
  })
const unauthorized = (fields: object) =>
  new ApiError({ ...request, server, user: 'deployer', status: 401, ...fields })
const broken = (code: string, problem = code) => new TransportError({ ...request, code, server, problem })

/** The message and the next step in one text. */
function explained(error: unknown): string {
  const explanation = explain(error)
  if (!(explanation instanceof UserError)) throw explanation
  expect(explanation.cause).toBe(error)
  return `${explanation.message} | ${explanation.next}`
}

const forbidden =
  'deployments.apps "web" is forbidden: User "system:serviceaccount:team:deployer" cannot patch resource "deployments" in API group "apps" in the namespace "team"'
const owners = [
  {
    reason: 'FieldManagerConflict',
    message: 'conflict with "argocd-controller" using apps/v1',
    field: '.spec.replicas',
  },
  {
    reason: 'FieldManagerConflict',
    message: 'conflict with "kubectl" using apps/v1 at 2025-01-01T00:00:00Z',
    field: '.spec.paused',
  },
]

describe('what the user reads', () => {
  it.each<[string, unknown, string[]]>([
    [
      '401',
      unauthorized({ body: 'Unauthorized' }),
      [`The API server ${server} refused the credentials of "deployer" (401): Unauthorized`],
    ],
    ['401 without a reason', unauthorized({}), ['(401): it gave no reason']],
    [
      '401 with an old token',
      unauthorized({ tokenExpiresAt: new Date('2025-01-01T00:00:00Z'), hasTokenExpired: true }),
      ['their token expired at 2025-01-01T00:00:00.000Z', 'kubectl create token'],
    ],
    [
      '401 with a good token',
      unauthorized({ tokenExpiresAt: new Date('2035-01-01T00:00:00Z'), hasTokenExpired: false }),
      ['although their token is good until 2035-01-01T00:00:00.000Z', 'for this cluster'],
    ],
    [
      '403',
      refusal(403, 'Forbidden', forbidden),
      [
        'system:serviceaccount:team:deployer may not patch deployments (apps) in namespace "team"',
        'Add this rule to a Role in namespace "team" that is bound to system:serviceaccount:team:deployer: { apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] }',
      ],
    ],
    [
      '403 of a subresource of the core group',
      refusal(
        403,
        'Forbidden',
        'pods "web-1" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "team"',
      ),
      [
        'jane may not get pods/log in namespace "team"',
        '{ apiGroups: [""], resources: ["pods/log"], verbs: ["get"] }',
      ],
    ],
    [
      '403 in the whole cluster',
      refusal(
        403,
        'Forbidden',
        'namespaces is forbidden: User "jane" cannot list resource "namespaces" in API group "" at the cluster scope',
      ),
      ['jane may not list namespaces in the whole cluster', 'a ClusterRole'],
    ],
    [
      '403 without credentials',
      refusal(
        403,
        'Forbidden',
        'User "system:anonymous" cannot get resource "pods" in API group "" in the namespace "team"',
      ),
      ['The API server saw no credentials', 'Give the kubeconfig a token'],
    ],
    [
      '403 by a quota',
      refusal(403, 'Forbidden', 'deployments "web" is forbidden: exceeded quota: small'),
      [
        'Deployment "web" in namespace "team" is refused (403)',
        'exceeded quota: small',
        'not a missing permission',
      ],
    ],
    [
      '404',
      refusal(404, 'NotFound', 'deployments.apps "web" not found', {
        name: 'web',
        kind: 'deployments',
        group: 'apps',
      }),
      ['Deployment "web" in namespace "team" was not found', 'kubectl get deployments -n team'],
    ],
    [
      '404 of an API group',
      refusal(404, 'NotFound', 'the server could not find the requested resource', {}),
      ['The cluster does not serve /apis/apps/v1/namespaces/team/deployments/web (404)'],
    ],
    [
      '404 of something else',
      new ApiError({ ...request, server, status: 404, body: '<html>' }),
      [`${server} does not know /apis/apps/v1`, 'not look like a Kubernetes API server'],
    ],
    [
      '409 by an own name',
      refusal(409, 'AlreadyExists', 'exists'),
      ['Deployment "web" in namespace "team" exists already'],
    ],
    [
      '409 by owners',
      refusal(409, 'Conflict', 'Apply failed with 2 conflicts', { causes: owners }),
      [
        'Deployment "web" in namespace "team" has other owners: .spec.replicas belongs to argocd-controller; .spec.paused belongs to kubectl',
      ],
    ],
    [
      '409 by a version',
      refusal(409, 'Conflict', 'the object has been modified'),
      ['was changed by somebody else meanwhile: the object has been modified', 'Run again'],
    ],
    [
      '422',
      refusal(422, 'Invalid', 'spec.replicas: Invalid value: -1'),
      ['does not accept Deployment "web" in namespace "team": spec.replicas: Invalid value: -1'],
    ],
    ['429', refusal(429, 'TooManyRequests', 'wait'), ['overloaded and asks to wait: wait']],
    [
      '503',
      refusal(503, 'ServiceUnavailable', ''),
      ['The API server failed at Deployment "web" in namespace "team": HTTP 503', '/readyz'],
    ],
    [
      'a refused connection',
      broken('ECONNREFUSED'),
      [`The API server ${server} refuses connections`, 'a private cluster needs a runner inside its network'],
    ],
    ['an unknown name', broken('ENOTFOUND'), ['has a host name that does not exist here']],
    ['a silent server', broken('UND_ERR_CONNECT_TIMEOUT'), ['does not answer from here']],
    ['a proxy', broken('PROXY_REFUSED'), ['is behind a proxy that refuses', 'NO_PROXY']],
    [
      'another authority',
      broken('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
      [
        'cannot be trusted: it is not signed by the certificate authority of the kubeconfig',
        'certificate-authority-data',
      ],
    ],
    [
      'another name',
      broken('ERR_TLS_CERT_ALTNAME_INVALID', 'altnames: DNS:kubernetes'),
      ['it is for other names (altnames: DNS:kubernetes)', 'tls-server-name'],
    ],
    ['an old certificate', broken('CERT_HAS_EXPIRED'), ['it has expired']],
    [
      'plain http',
      broken('ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number'),
      ['No TLS connection', 'Check that the server speaks https'],
    ],
    [
      'another failure',
      broken('ECONNRESET', 'socket hang up'),
      [`The connection to the API server ${server} failed: socket hang up`],
    ],
    [
      'a silent pod',
      new PodUnreachable('web-1', 8000, 'connection refused'),
      ['port 8000 of pod web-1 gave no answer: connection refused', 'listens on that port'],
    ],
    [
      'a lost answer',
      new AmbiguousWrite(request, { result: 'absent' }, broken('ECONNRESET', 'socket hang up')),
      [
        'The answer to a write was lost, so that Deployment "web" in namespace "team" may have been changed or not: socket hang up',
        'run again',
      ],
    ],
  ])('about %s', (_, error, parts) => {
    const text = explained(error)
    for (const part of parts) expect(text).toContain(part)
  })

  it('names how often it was tried', () => {
    const failure = new TransportError(
      { ...request, code: 'ECONNREFUSED', server, problem: 'x' },
      { attempts: { count: 9, elapsedMs: 59_800 } },
    )
    expect(explained(failure)).toContain('nothing listens there (9 attempts in 60 s)')
  })

  it('is left alone where it is not about the cluster', () => {
    const bug = new RangeError('a bug')
    expect(explain(bug)).toBe(bug)
    const known = new UserError('known', 'next')
    expect(explain(known)).toBe(known)
    expect(explain('text')).toEqual(new Error('text'))
  })
})
