import { changedKeys, configMapIn } from '../cluster/config-file.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Configuration } from '../record/configuration.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { Answer, Gate } from './gate.ts'
import { counted } from './released-commits.ts'

/** Whether the configuration that the release was written for is the one that its pods will read. Values are never told. */
export const configurationReviewed: Gate<'cluster' | 'files' | 'clock'> = {
  name: 'configuration-reviewed',
  question: 'Configuration reviewed: environment variables verified',
  occasions: ['preflight'],
  query: ({ runbook, cluster }) =>
    `kubectl diff -n ${cluster.namespace} -f ${runbook.config.manifest ?? 'CONFIG_FILE'}`,
  async measure({ runbook, record, cluster, files }, signal) {
    if (record.configuration !== undefined)
      return plannedChange(record.configuration, runbook, cluster, signal)
    const { configMap: name, manifest: file } = runbook.config
    if (name === undefined || file === undefined) {
      return { verdict: 'skipped', answer: 'The runbook file names no ConfigMap with its file (config).' }
    }
    const wanted = configMapIn(await files.read(file), file, name)
    const running = await cluster.configMap(name, signal)
    if (running === undefined) {
      return { verdict: 'fail', answer: `There is no ConfigMap ${name} in ${cluster.namespace}.` }
    }
    const changed = changedKeys(running.data, wanted)
    const value = `${changed.length} of ${counted(new Set([...Object.keys(running.data), ...Object.keys(wanted)]).size, 'key')}`
    if (changed.length === 0) {
      return {
        verdict: 'pass',
        answer: `The ConfigMap ${name} says what ${file} of the release says.`,
        value,
      }
    }
    const groups = changed.flatMap(({ key }) => abandoned(key, running.data[key], runbook))
    const names = changed.map(({ key }) => key)
    return {
      verdict: 'warn',
      answer: [
        `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''} of ${name} ${names.length === 1 ? 'differs' : 'differ'} from ${file} of the release. A deployment does not apply that file: apply it first if its pods need it.`,
        ...groups,
      ].join(' '),
      value,
      evidence: changed.map(({ key, change }) => `${key}: ${change}`),
    }
  },
}

/** Where the configuration itself is what changes, the approver reviews it: here is which keys, and what that may abandon. */
async function plannedChange(
  { configMap, changes }: Configuration,
  runbook: Runbook,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Answer> {
  const running = await cluster.configMap(configMap, signal)
  const groups = changes.flatMap(({ key, change }) =>
    change === 'added' ? [] : abandoned(key, running?.data[key], runbook),
  )
  const names = changes.map(({ key }) => key)
  return {
    verdict: groups.length === 0 ? 'pass' : 'warn',
    answer: [
      `${counted(changes.length, 'key')} of ${configMap} ${changes.length === 1 ? 'changes' : 'change'}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}. The plan shows how.`,
      ...groups,
    ].join(' '),
    evidence: changes.map(({ key, change }) => `${key}: ${change}`),
  }
}

/** Another consumer group begins without the offsets of the one before. Its name is told where the runbook file has it. */
function abandoned(key: string, value: string | undefined, { components }: Runbook): string[] {
  const group = components.find(({ consumerGroup }) => consumerGroup !== undefined && consumerGroup === value)
  if (group?.consumerGroup !== undefined) {
    return [
      `⚠ ${key} is the consumer group of ${group.deployment}: with another one, the offsets of ${group.consumerGroup} are abandoned.`,
    ]
  }
  return /group/iu.test(key)
    ? [`⚠ ${key} looks like a consumer group: with another one, its offsets are abandoned.`]
    : []
}
