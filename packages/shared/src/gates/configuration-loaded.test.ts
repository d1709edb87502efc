import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { dataDigest, textDigest } from '../cluster/configuration/content-digest.ts'
import type { FileReading } from '../cluster/configuration/file-reading.ts'
import type { Deployment } from '../cluster/component.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { planned, recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { configurationErrors } from './configuration-errors.ts'
import { configurationLoaded } from './configuration-loaded.ts'
import { runGates, type GateContext } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const data = { KAFKA_BROKERS: 'b:9092', LEVEL: 'debug', OTHER: 'x' }
type PodSpec = NonNullable<NonNullable<Deployment['spec']>['template']['spec']>

function setUp(shape: (spec: PodSpec) => void = envFrom) {
  const cluster = new FakeCluster('event-ingester')
  const state = cluster.states.get('event-ingester')!
  const spec = structuredClone(state.deployment.spec!)
  shape(spec.template.spec!)
  cluster.states.set('event-ingester', { ...state, deployment: { ...state.deployment, spec } })
  cluster.configMaps.set('settings', data)
  const record = recordOf({
    plan: [planned('event-ingester')],
    configuration: {
      configMap: 'settings',
      changes: [{ key: 'LEVEL', change: 'changed' }],
      before: dataDigest({}),
      after: dataDigest(data),
    },
  })
  const ask = async (config = '', given: Partial<GateContext> = {}) => {
    const runbook = loadRunbook(`${TEN_LINES}config: { config-map: settings${config} }\n`, { file: 'r' })
    const gates = [configurationLoaded, configurationErrors]
    return runGates(
      gates,
      contextOf({ cluster, runbook, record, occasion: 'post-deploy', ...given }),
      new AbortController().signal,
    )
  }
  return { cluster, ask, record }
}

function envFrom(spec: PodSpec): void {
  spec.containers[0]!.envFrom = [{ configMapRef: { name: 'settings' } }]
}

describe('configuration-loaded', () => {
  it('passes where every pod has the values of the prefixes and of the keys that change', async () => {
    const { cluster, ask } = setUp()
    cluster.environmentIn = () => ({ KAFKA_BROKERS: 'b:9092', LEVEL: 'debug' })
    const [found] = await ask()
    expect(found).toMatchObject({ verdict: 'pass', value: '2 of 2 containers' })
    expect(found?.answer).toContain('All 2 pods have the values of settings in 2 variables')
  })

  it('fails where one pod has another value, names the variable and no value', async () => {
    const { cluster, ask } = setUp()
    cluster.environmentIn = (pod) => (pod.endsWith('1') ? { ...data, LEVEL: 'info-secret' } : data)
    const [found] = await ask()
    expect(found).toMatchObject({ verdict: 'fail', value: '1 of 2 containers' })
    expect(found?.evidence).toEqual([expect.stringMatching(/-1: LEVEL has another value$/)])
    expect(JSON.stringify(found)).not.toMatch(/info-secret|9092/)
  })

  it('is inconclusive where a Secret that is read later may have set it', async () => {
    const { cluster, ask } = setUp((spec) => {
      spec.containers[0]!.envFrom = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'login' } }]
    })
    cluster.environmentIn = () => ({ ...data, KAFKA_BROKERS: 'of the secret' })
    const [found] = await ask()
    expect(found?.verdict).toBe('inconclusive')
    expect(found?.evidence[0]).toContain('perhaps that of Secret login')
  })

  it('fails where the ConfigMap was changed since', async () => {
    const { cluster, ask } = setUp()
    cluster.configMaps.set('settings', { ...data, LEVEL: 'trace' })
    expect((await ask())[0]?.verdict).toBe('fail')
  })

  describe('read as files', () => {
    const mounted = (mount: object = {}) => {
      const set = setUp((spec) => {
        spec.volumes = [{ name: 'v', projected: { sources: [{ configMap: { name: 'settings' } }] } }]
        spec.containers[0]!.volumeMounts = [{ name: 'v', mountPath: '/etc/settings', ...mount }]
      })
      set.cluster.environment = () => Promise.reject(new Error('nothing is in the environment'))
      return set
    }
    const says = (text: string): FileReading => ({ is: 'file', digest: textDigest(text) })

    it('passes where the files of what changes say so in every pod; others are not read', async () => {
      const { cluster, ask } = mounted()
      const read: string[] = []
      cluster.fileIn = (pod, path) => {
        read.push(`${pod} ${path}`)
        return says('debug')
      }
      const [found] = await ask()
      expect(found).toMatchObject({ verdict: 'pass', value: '2 of 2 containers' })
      expect(found?.answer).toBe('All 2 pods have the values of settings in 1 file, compared by digest.')
      expect(read.map((each) => each.split(' ')[1])).toEqual(['/etc/settings/LEVEL', '/etc/settings/LEVEL'])
    })

    it('fails where a pod has the old one, and shows none of it', async () => {
      const { cluster, ask } = mounted()
      cluster.fileIn = (pod) => says(pod.endsWith('1') ? 'info-secret' : 'debug')
      const [found] = await ask()
      expect(found).toMatchObject({ verdict: 'fail', value: '1 of 2 containers' })
      expect(found?.evidence).toEqual([
        expect.stringMatching(/-1: \/etc\/settings\/LEVEL says something else$/),
      ])
      expect(JSON.stringify(found)).not.toMatch(/info-secret|debug/)
    })

    it('fails where it is missing', async () => {
      const [found] = await mounted().ask()
      expect(found).toMatchObject({ verdict: 'fail' })
      expect(found?.evidence[0]).toMatch(/LEVEL is missing$/)
    })

    it('is inconclusive without "cat", and says how to leave it out', async () => {
      const { cluster, ask } = mounted()
      cluster.fileIn = () => ({ is: 'unreadable', why: 'it cannot be read by "cat": not found' })
      const [found] = await ask()
      expect(found?.verdict).toBe('inconclusive')
      expect(found?.evidence[0]).toContain('is not known: it cannot be read by "cat": not found')
      expect(found?.evidence.at(-1)).toContain('config.verify-env: []')
    })

    it('looks for what was removed, too', async () => {
      const { cluster, ask, record } = mounted()
      const changes = [{ key: 'OLD', change: 'removed' }] as const
      const gone: DeploymentRecord = {
        ...record,
        ...(record.configuration && { configuration: { ...record.configuration, changes: [...changes] } }),
      }
      const [absent] = await ask('', { record: gone })
      expect(absent).toMatchObject({
        verdict: 'pass',
        answer: 'Gone from all 2 pods with what was removed: 1 file.',
      })
      cluster.fileIn = () => says('x')
      const [stays] = await ask('', { record: gone })
      expect(stays?.verdict).toBe('fail')
      expect(stays?.evidence[0]).toMatch(/\/etc\/settings\/OLD is still there$/)
    })

    it('names paths that only the node knows', async () => {
      const [found] = await mounted({ subPathExpr: '$(POD)' }).ask()
      expect(found?.verdict).toBe('warn')
      expect(found?.answer).toContain('event-ingester has files of it at /etc/settings (subPathExpr)')
    })
  })

  it('asks a container for both, where it reads it in both ways', async () => {
    const { cluster, ask } = setUp((spec) => {
      envFrom(spec)
      spec.volumes = [{ name: 'v', configMap: { name: 'settings' } }]
      spec.containers[0]!.volumeMounts = [{ name: 'v', mountPath: '/s' }]
    })
    cluster.fileIn = () => ({ is: 'file', digest: textDigest('debug') })
    const [found] = await ask()
    expect(found?.answer).toBe(
      'All 2 pods have the values of settings in 2 variables and 1 file, compared by digest.',
    )
  })

  it('is unknown where the environment cannot be read, and skipped where the team does not want it', async () => {
    const { cluster, ask } = setUp()
    cluster.environment = () => Promise.reject(new Error('no env in the image'))
    expect((await ask())[0]).toMatchObject({ verdict: 'unknown' })
    expect((await ask(', verify-env: []'))[0]).toMatchObject({ verdict: 'skipped' })
  })
})

describe('configuration-loaded, of a key that was removed', () => {
  const removed = { key: 'OLD', change: 'removed' } as const

  /** `OLD` said `x` until it was removed; a copy says so, as the snapshot has it. */
  function withoutOld(shape?: (spec: PodSpec) => void) {
    const { cluster, ask, record } = setUp(shape)
    cluster.configMaps.set('settings-copy', { OLD: 'x' })
    const { configuration } = record
    const kept = { name: 'settings', resourceVersion: '1', copy: 'settings-copy' }
    const changed: DeploymentRecord = {
      ...record,
      ...(configuration && { configuration: { ...configuration, changes: [removed] } }),
      snapshot: { at: '2026-11-23T10:00:00.000Z', deployments: [], configMaps: [kept], secrets: [] },
    }
    const look = async (environment: Record<string, string>, given: Partial<GateContext> = {}) => {
      cluster.environmentIn = () => ({ ...data, ...environment })
      return (await ask('', { record: changed, ...given }))[0]
    }
    return { cluster, look }
  }

  it('passes where it is gone from every pod', async () => {
    const found = await withoutOld().look({})
    expect(found).toMatchObject({ verdict: 'pass', value: '2 of 2 containers' })
    expect(found?.answer).toBe(
      'All 2 pods have the values of settings in 1 variable, compared by digest. Gone from all 2 pods with what was removed: 1 variable.',
    )
  })

  it('fails where a pod still has the value that was removed, and shows none', async () => {
    const { cluster, look } = withoutOld()
    const both = await look({ OLD: 'x' })
    expect(both).toMatchObject({ verdict: 'fail', value: '0 of 2 containers' })
    expect(both?.evidence[0]).toMatch(/: OLD is still there with the value that was removed$/)
    cluster.environmentIn = (pod) => (pod.endsWith('1') ? { ...data, OLD: 'x' } : data)
    expect(await look({})).toMatchObject({ verdict: 'pass' })
  })

  it('names a Deployment that sets it by itself, and goes on', async () => {
    const { look } = withoutOld((spec) => {
      envFrom(spec)
      spec.containers[0]!.env = [{ name: 'OLD', value: 'mine' }]
    })
    const found = await look({ OLD: 'mine' })
    expect(found?.verdict).toBe('warn')
    expect(found?.answer).toContain('Removed, and set by others: OLD.')
    expect(found?.evidence[0]).toMatch(/: OLD is still there: "env" of the Deployment sets it$/)
  })

  it('names another ConfigMap that has it, also with the same value', async () => {
    const { cluster, look } = withoutOld((spec) => {
      spec.containers[0]!.envFrom = [
        { configMapRef: { name: 'common' } },
        { configMapRef: { name: 'settings' } },
      ]
    })
    cluster.configMaps.set('common', { OLD: 'x' })
    const found = await look({ OLD: 'x' })
    expect(found?.verdict).toBe('warn')
    expect(found?.evidence[0]).toMatch(/: OLD is still there: ConfigMap common has it, too$/)
  })

  it('compares with what it said until a rollback, where that is told', async () => {
    const { look } = withoutOld()
    const configurationBefore = { OLD: 'bad' }
    expect(await look({ OLD: 'bad' }, { configurationBefore })).toMatchObject({ verdict: 'fail' })
    expect(await look({ OLD: 'x' }, { configurationBefore })).toMatchObject({ verdict: 'warn' })
  })

  it('is not asked of containers that never had it', async () => {
    const { cluster, look } = withoutOld((spec) => {
      const ref = { name: 'settings', key: 'LEVEL' }
      spec.containers[0]!.env = [{ name: 'KAFKA_LEVEL', valueFrom: { configMapKeyRef: ref } }]
    })
    cluster.configMaps.delete('settings-copy')
    expect(await look({ KAFKA_LEVEL: 'debug', OLD: 'x' })).toMatchObject({ verdict: 'pass' })
  })
})

describe('configuration-errors', () => {
  it('passes without, and fails with a line that the patterns of the runbook file find', async () => {
    const { cluster, ask } = setUp()
    expect((await ask())[1]).toMatchObject({ verdict: 'pass' })
    cluster.logs.set('event-ingester-new-0', 'INFO started\nInvalid config: error in KAFKA_BROKERS\n')
    const [, found] = await ask()
    expect(found).toMatchObject({ verdict: 'fail', value: '1 of 3 lines' })
    expect(found?.evidence).toEqual(['event-ingester-new-0: Invalid config: error in KAFKA_BROKERS'])
  })
})

it('neither is asked about a release', async () => {
  const found = await runGates(
    [configurationLoaded, configurationErrors],
    contextOf({ occasion: 'post-deploy' }),
    new AbortController().signal,
  )
  expect(found.map(({ verdict }) => verdict)).toEqual(['skipped', 'skipped'])
})
