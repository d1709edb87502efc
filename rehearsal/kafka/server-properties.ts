/** A listener beside the plain one, on loopback as well. */
export interface ExtraListener {
  /** In capitals, as Kafka names listeners: `LOGIN`. */
  readonly name: string
  readonly protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'
  /** Settings of this listener alone, without the prefix `listener.name.…`. */
  readonly settings: Readonly<Record<string, string>>
}

export interface Listeners {
  readonly broker: number
  readonly controller: number
  /** The ports of the others, by name. */
  readonly extra: Readonly<Record<string, number>>
}

/**
 * The configuration of one server that is broker and controller, on loopback only. What differs from Kafka's defaults
 * makes it small and quick: inner topics without replicas, a log cleaner with 4 MB instead of 128 MB, groups that do
 * not wait for more members. Topics are made on purpose, so that a misspelt name shows.
 */
export function serverProperties(
  dataFolder: string,
  ports: Listeners,
  extra: readonly ExtraListener[] = [],
  more: Readonly<Record<string, string>> = {},
): string {
  const [broker, controller] = [`127.0.0.1:${String(ports.broker)}`, `127.0.0.1:${String(ports.controller)}`]
  const others = extra.map(({ name }) => `,${name}://127.0.0.1:${String(ports.extra[name])}`).join('')
  const protocols = extra.map(({ name, protocol }) => `,${name}:${protocol}`).join('')
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}${others}`,
    'advertised.listeners': `PLAINTEXT://${broker}${others}`,
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocols}`,
    'log.dirs': dataFolder,
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    ...more,
  }
  for (const { name, settings: own } of extra) {
    for (const [key, value] of Object.entries(own))
      settings[`listener.name.${name.toLowerCase()}.${key}`] = value
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${escaped(String(value))}\n`)
    .join('')
}

/** A value of a Java properties file may hold lines, as certificates do. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
