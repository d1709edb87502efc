export interface Listeners {
  broker: number
  controller: number
}

/**
 * The configuration of one server that is broker and controller, on loopback only. What differs from Kafka's defaults
 * makes it small and quick: inner topics without replicas, a log cleaner with 4 MB instead of 128 MB, groups that do
 * not wait for more members. Topics are made on purpose, so that a misspelt name shows.
 */
export function serverProperties(dataFolder: string, ports: Listeners): string {
  const [broker, controller] = [`127.0.0.1:${String(ports.broker)}`, `127.0.0.1:${String(ports.controller)}`]
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${broker}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
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
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('')
}
