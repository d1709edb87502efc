import { describe, expect, it } from '@jest/globals'
import { parseChallenge } from './challenge.ts'

describe('parseChallenge', () => {
  it.each<[string, string | undefined, object | undefined]>([
    [
      'Docker Hub',
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
      {
        scheme: 'bearer',
        realm: 'https://auth.docker.io/token',
        service: 'registry.docker.io',
        scope: 'repository:library/nginx:pull',
      },
    ],
    [
      'a comma in quotes, and an error after it',
      'Bearer realm="https://ghcr.io/token", scope="repository:a/b:pull,push", error="invalid_token"',
      { scheme: 'bearer', realm: 'https://ghcr.io/token', scope: 'repository:a/b:pull,push' },
    ],
    [
      'ECR',
      'Basic realm="https://1.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com"',
      { scheme: 'basic' },
    ],
    [
      'lower case, without quotes',
      'bearer realm=https://r.example/token',
      { scheme: 'bearer', realm: 'https://r.example/token' },
    ],
    [
      'both: the token',
      'Basic realm="x", Bearer realm="https://r.example/token"',
      { scheme: 'bearer', realm: 'https://r.example/token' },
    ],
    [
      'both, the other way round',
      'Bearer realm="https://r.example/token", Basic realm="x"',
      { scheme: 'bearer', realm: 'https://r.example/token' },
    ],
    [
      'an escaped quote',
      'Bearer realm="https://r.example/a\\"b"',
      { scheme: 'bearer', realm: 'https://r.example/a"b' },
    ],
    ['a realm that only looks like the other scheme', 'Basic realm="Bearer"', { scheme: 'basic' }],
    ['a token without a realm', 'Bearer service="x"', undefined],
    ['another scheme', 'Negotiate', undefined],
    ['none', undefined, undefined],
  ])('%s', (_, header, wanted) => {
    expect(parseChallenge(header)).toEqual(wanted)
  })
})
