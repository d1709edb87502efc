import { describe, expect, it } from '@jest/globals'
import { diagnose } from './diagnose.ts'
import { eventOf, evidenceOf, image, pod, waiting, type Case } from './evidence.fixture.ts'

const images: readonly Case[] = [
  [
    'containerd: no such tag',
    waiting(
      'ErrImagePull',
      `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
    ),
    'image-not-found',
    `${pod}: its image cannot be pulled: ${image} is not in the registry.`,
  ],
  [
    'Docker: manifest unknown',
    waiting(
      'ErrImagePull',
      `Error response from daemon: manifest for ${image} not found: manifest unknown: manifest unknown`,
    ),
    'image-not-found',
    `${pod}: its image cannot be pulled: ${image} is not in the registry.`,
  ],
  [
    'a back-off of an old kubelet says nothing: its event does',
    {
      ...waiting('ImagePullBackOff', `Back-off pulling image "${image}"`),
      events: [
        eventOf(
          'Failed',
          `Failed to pull image "${image}": rpc error: code = NotFound desc = ${image}: not found`,
        ),
        eventOf('Failed', 'Error: ImagePullBackOff'),
      ],
    },
    'image-not-found',
    `${pod}: its image cannot be pulled: ${image} is not in the registry.`,
  ],
  [
    'containerd: the registry will not say whether there is one',
    waiting(
      'ImagePullBackOff',
      `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
    ),
    'image-unauthorised',
    `${pod}: its image cannot be pulled: the registry does not let the node have ${image}; the pod names no image pull secret.`,
  ],
  [
    'ECR: an expired token, with a pull secret',
    {
      ...waiting(
        'ErrImagePull',
        'failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized',
      ),
      spec: { containers: [{ name: 'download-worker', image }], imagePullSecrets: [{ name: 'ecr-pull' }] },
    },
    'image-unauthorised',
    `${pod}: its image cannot be pulled: the registry does not let the node have ${image}; the pod names the image pull secret ecr-pull.`,
  ],
  [
    'Docker Hub: rate limit',
    waiting(
      'ErrImagePull',
      `failed to pull and unpack image "${image}": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/x/manifests/sha256:ab: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.`,
    ),
    'image-rate-limit',
    `${pod}: its image cannot be pulled: the registry limits how often ${image} is pulled.`,
  ],
  [
    'the kubelet’s own limit',
    waiting('ErrImagePull', 'pull QPS exceeded'),
    'image-rate-limit',
    `${pod}: its image cannot be pulled: the registry limits how often ${image} is pulled.`,
  ],
  [
    'something else, in the runtime’s words',
    waiting(
      'ErrImagePull',
      'rpc error: code = Unknown desc = failed to pull and unpack image: failed to do request: Head "https://registry.local/v2/": dial tcp: lookup registry.local on 10.96.0.10:53: no such host',
    ),
    'image-pull',
    `${pod}: its image cannot be pulled: failed to pull and unpack image: failed to do request: Head "https://registry.local/v2/": dial tcp: lookup registry.local on 10.96.0.10:53: no such host.`,
  ],
  [
    'not a reference',
    waiting(
      'InvalidImageName',
      'Failed to apply default image tag "a b": couldn\'t parse image name: invalid reference format',
    ),
    'image-invalid',
    `${pod}: its image reference is not valid on the node: Failed to apply default image tag "a b": couldn't parse image name: invalid reference format.`,
  ],
]

describe('an image that cannot be pulled', () => {
  it.each(images)('%s', (_, shape, kind, sentence) => {
    const found = diagnose(evidenceOf(shape))
    expect({ kind: found.kind, sentence: found.sentence }).toEqual({ kind, sentence })
  })
})
