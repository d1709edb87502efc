import { describe, expect, it } from '@jest/globals'
import { parseDockerConfig, placeOf } from './docker-config.ts'

const auth = (text: string) => Buffer.from(text).toString('base64')
const place = (config: object, registry: string) =>
  placeOf(parseDockerConfig(JSON.stringify(config), 'config.json'), registry)
const credentials = { username: 'robot', password: 'pass:word' }

describe('placeOf', () => {
  it.each<[string, object, string, object | undefined]>([
    ['a login', { auths: { 'ghcr.io': { auth: auth('robot:pass:word') } } }, 'ghcr.io', { credentials }],
    [
      'with a port',
      { auths: { 'r.example:5000': { auth: auth('robot:pass:word') } } },
      'r.example:5000',
      { credentials },
    ],
    [
      'as an address',
      { auths: { 'https://r.example/v1/': { auth: auth('robot:pass:word') } } },
      'r.example',
      { credentials },
    ],
    ['in clear text', { auths: { 'r.example': credentials } }, 'r.example', { credentials }],
    [
      'Docker Hub',
      { auths: { 'https://index.docker.io/v1/': { auth: auth('robot:pass:word') } } },
      'docker.io',
      { credentials },
    ],
    [
      'a refresh token',
      { auths: { 'x.azurecr.io': { auth: auth('0000:'), identitytoken: 'refresh' } } },
      'x.azurecr.io',
      { credentials: { identityToken: 'refresh' } },
    ],
    ['another registry', { auths: { 'ghcr.io': { auth: auth('robot:x') } } }, 'r.example', undefined],
    ['an entry without anything', { auths: { 'ghcr.io': {} } }, 'ghcr.io', undefined],
    [
      'a helper of its own',
      { auths: { 'ghcr.io': { auth: auth('robot:x') } }, credHelpers: { 'ghcr.io': 'gh' } },
      'ghcr.io',
      { helper: 'gh', server: 'ghcr.io' },
    ],
    [
      'a store for what stands nowhere else',
      { auths: { 'ghcr.io': {} }, credsStore: 'desktop' },
      'ghcr.io',
      { helper: 'desktop', server: 'ghcr.io' },
    ],
    [
      'the store, of Docker Hub',
      { credsStore: 'desktop' },
      'docker.io',
      { helper: 'desktop', server: 'https://index.docker.io/v1/' },
    ],
    ['nothing', {}, 'ghcr.io', undefined],
  ])('%s', (_, config, registry, wanted) => {
    expect(place(config, registry)).toEqual(wanted)
  })
})

describe('parseDockerConfig', () => {
  it.each(['{"auths": {"ghcr.io": {"auth": 1234567}}}', 'secret: not json', '[]'])(
    'repeats nothing of %s',
    (text) => {
      expect(() => parseDockerConfig(text, 'The variable DOCKER_AUTH_CONFIG')).toThrow(
        /^The variable DOCKER_AUTH_CONFIG is not the config.json of Docker\.$/,
      )
    },
  )
})
