import { describe, expect, it } from '@jest/globals'
import { textDigest } from './content-digest.ts'
import { configuredFiles } from './mounted-files.ts'

const data = { 'app.yaml': 'a: 1', LEVEL: 'info' }
const keys = ['app.yaml', 'OLD']
type Spec = Parameters<typeof configuredFiles>[0]
type Mounts = Parameters<typeof configuredFiles>[1]['volumeMounts']

const settings = { name: 'v', configMap: { name: 'settings' } }
const at = (mountPath: string, more: object = {}) => ({ name: 'v', mountPath, ...more })
const projected = (
  ...sources: NonNullable<NonNullable<Spec['volumes']>[number]['projected']>['sources'] & object
) => ({
  name: 'v',
  projected: { sources },
})
const ours = { configMap: { name: 'settings' } }

/** Path, key, whether it shall be there, and what else it may be from. */
function told(volumes: Spec['volumes'], volumeMounts: Mounts) {
  const { files, notTold } = configuredFiles(
    { ...(volumes && { volumes }) },
    { ...(volumeMounts && { volumeMounts }) },
    'settings',
    keys,
    data,
  )
  for (const { key, digest } of files) {
    expect(digest).toBe(key === 'OLD' ? undefined : textDigest(data['app.yaml']))
  }
  return [
    ...files.map(({ path, mayBeFrom }) => (mayBeFrom === undefined ? path : `${path} | ${mayBeFrom}`)),
    ...notTold,
  ]
}

describe('configuredFiles', () => {
  it.each<[string, Spec['volumes'], Mounts, string[]]>([
    ['a volume of it', [settings], [at('/etc/s')], ['/etc/s/app.yaml', '/etc/s/OLD']],
    ['a mount with a slash at its end', [settings], [at('/etc/s/')], ['/etc/s/app.yaml', '/etc/s/OLD']],
    ['mounted twice', [settings], [at('/a'), at('/b')], ['/a/app.yaml', '/a/OLD', '/b/app.yaml', '/b/OLD']],
    ['a volume of another', [{ name: 'v', configMap: { name: 'other' } }], [at('/etc/s')], []],
    ['a volume that is not mounted', [settings], [], []],
    [
      'some keys under other names',
      [{ name: 'v', configMap: { name: 'settings', items: [{ key: 'app.yaml', path: 'x/y.yaml' }] } }],
      [at('/etc/s')],
      ['/etc/s/x/y.yaml'],
    ],
    ['one file of it', [settings], [at('/etc/app.yaml', { subPath: 'app.yaml' })], ['/etc/app.yaml']],
    ['a file of it that does not change', [settings], [at('/etc/level', { subPath: 'LEVEL' })], []],
    [
      'one folder of it',
      [{ name: 'v', configMap: { name: 'settings', items: [{ key: 'app.yaml', path: 'x/y.yaml' }] } }],
      [at('/etc/s', { subPath: 'x/' })],
      ['/etc/s/y.yaml'],
    ],
    [
      'a path that only the node knows',
      [settings],
      [at('/etc/s', { subPathExpr: '$(POD)' })],
      ['/etc/s (subPathExpr)'],
    ],
    ['a projected volume', [projected(ours)], [at('/etc/s')], ['/etc/s/app.yaml', '/etc/s/OLD']],
    [
      'a projected volume with a Secret, which may have any name',
      [projected(ours, { secret: { name: 'login' } })],
      [at('/etc/s')],
      ['/etc/s/app.yaml | Secret login', '/etc/s/OLD | Secret login'],
    ],
    [
      'a projected volume with one key of another ConfigMap, and a token',
      [
        projected(
          ours,
          { configMap: { name: 'other', items: [{ key: 'k', path: 'OLD' }] } },
          { serviceAccountToken: { path: 'token' } },
        ),
      ],
      [at('/etc/s')],
      ['/etc/s/app.yaml', '/etc/s/OLD | ConfigMap other'],
    ],
    [
      'something mounted over one of its files: that file is not seen',
      [settings, { name: 'w', secret: { secretName: 'login' } }],
      [at('/etc/s'), { name: 'w', mountPath: '/etc/s/app.yaml', subPath: 'app.yaml' }],
      ['/etc/s/OLD'],
    ],
    [
      'something mounted beside it under a longer name',
      [settings, { name: 'w', emptyDir: {} }],
      [at('/etc/s'), { name: 'w', mountPath: '/etc/s/app' }],
      ['/etc/s/app.yaml', '/etc/s/OLD'],
    ],
    ['at the root', [settings], [at('/')], ['/app.yaml', '/OLD']],
  ])('%s', (_, volumes, mounts, wanted) => {
    expect(told(volumes, mounts)).toEqual(wanted)
  })
})
