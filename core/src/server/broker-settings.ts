import { brokerEntry, configSources, configTypes, topicDefaultsShown, type ConfigEntry } from './config-entries.ts'
import type { RequestContext } from './handler.ts'
import { usualPartitions } from './handlers/create-topics.ts'

type Row = readonly [name: string, type: keyof typeof configTypes, value: string | number | boolean, about: string]

/** What the node was opened with, under Kafka's names. */
function givenRows({ server, advertised, broker, authentication }: RequestContext): readonly Row[] {
  const place = `${authentication.protocol}://${advertised.host}:${advertised.port}`
  return [
    ['advertised.listeners', 'string', place, 'Where clients of this listener find the server.'],
    ['auto.create.topics.enable', 'boolean', broker.autoCreation !== null, 'Whether topics are made when they are first used.'],
    ['broker.id', 'int', server.nodeId, 'The id of the node.'],
    ['listeners', 'list', place, 'Where clients of this listener find the server.'],
    ['log.dirs', 'string', broker.directory.folder, 'The data directory.'],
    ['node.id', 'int', server.nodeId, 'The id of the node.'],
    [
      'num.partitions',
      'int',
      broker.autoCreation?.partitions ?? usualPartitions,
      'Of a topic that is made without saying how many.',
    ],
    [
      'offsets.topic.num.partitions',
      'int',
      broker.topics.get('__consumer_offsets').partitions,
      'Of the topic that keeps the offsets of groups.',
    ],
    ['process.roles', 'list', 'broker,controller', 'The node is both.'],
    [
      'transaction.state.log.num.partitions',
      'int',
      broker.topics.get('__transaction_state').partitions,
      'Of the topic that keeps transactions.',
    ],
  ]
}

/** What is so in every log of this version. */
const fixedRows: readonly Row[] = [
  ['default.replication.factor', 'int', 1, 'There is one copy of each partition.'],
  ['delete.topic.enable', 'boolean', true, 'Topics can be deleted.'],
  // Tools (kafka-ui) read from it what they may ask for.
  ['inter.broker.protocol.version', 'string', '4.2', 'The version of Kafka whose protocol is spoken.'],
  ['log.cleaner.enable', 'boolean', true, 'Topics are compacted that say so.'],
  ['log.message.format.version', 'string', '3.0', 'Records are stored in batches of version 2.'],
  ['offsets.topic.replication.factor', 'short', 1, 'There is one copy of each partition.'],
  ['transaction.state.log.min.isr', 'int', 1, 'There is one copy of each partition.'],
  ['transaction.state.log.replication.factor', 'short', 1, 'There is one copy of each partition.'],
]

/** The settings of the node, by name: to be read, since all of them are given when it is opened. */
export function brokerSettings(context: RequestContext): ConfigEntry[] {
  const entries = [
    ...givenRows(context).map((row) => entryOf(row, configSources.staticBroker)),
    ...fixedRows.map((row) => entryOf(row, configSources.default)),
    ...topicDefaultsShown(),
  ]
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function entryOf([name, type, value, documentation]: Row, source: number): ConfigEntry {
  return brokerEntry(name, String(value), source, { configType: configTypes[type], documentation })
}
