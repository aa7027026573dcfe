import { embeddedLog } from '@millrace/core'
import type {
  Admin,
  ConsumedBatch,
  ConsumedRecord,
  Consumer,
  EmbeddedLogOptions,
  LogClient,
  OffsetQuery,
  Outcome,
  Producer,
  Transaction,
} from '@millrace/core'
import { expect, expectTypeOf, test } from 'vitest'

/** What the types of the port refuse: each line would compile without its mark only if the port had become weaker. */
async function illegal(
  log: LogClient,
  admin: Admin,
  producer: Producer,
  consumer: Consumer,
  transaction: Transaction,
): Promise<void> {
  // @ts-expect-error a log has a directory
  await embeddedLog({})
  // @ts-expect-error durability is one of two
  await embeddedLog({ dir: 'd', durability: 'maybe' })
  // @ts-expect-error true says neither how many partitions nor which settings
  await embeddedLog({ dir: 'd', autoCreateTopics: true })
  // @ts-expect-error partitions must be said
  await embeddedLog({ dir: 'd', autoCreateTopics: { config: {} } })

  // @ts-expect-error partitions must be said
  await admin.createTopics([{ topic: 't' }])
  // @ts-expect-error settings are text, as Kafka's are
  await admin.createTopics([{ topic: 't', partitions: 1, config: { 'retention.ms': 5 } }])
  // @ts-expect-error a list
  await admin.deleteTopics('t')
  // @ts-expect-error there is no such place
  await admin.listOffsets([{ topic: 't', partition: 0, at: 'end' }])
  // @ts-expect-error a partition must be said
  await admin.listOffsets([{ topic: 't', at: 'latest' }])
  // @ts-expect-error up to where must be said
  await admin.deleteRecords([{ topic: 't', partition: 0 }])
  // @ts-expect-error a reset goes to one place of a kind
  await admin.resetGroupOffsets('g', [], { time: 5 })
  // @ts-expect-error there is no such state
  await admin.listTransactions({ states: ['Open'] })

  // @ts-expect-error acks is not for choice: what is acknowledged is durable
  await log.producer({ acks: 0 })
  // @ts-expect-error there is no such codec
  await log.producer({ compression: 'brotli' })
  // @ts-expect-error no number is a value: a serde makes bytes of it
  producer.append('t', null, 5)
  // @ts-expect-error neither is undefined
  producer.append('t', undefined, 'v')
  // @ts-expect-error a value must be said
  producer.append('t', 'k')
  // @ts-expect-error a header's value is bytes or null
  producer.append('t', null, 'v', { headers: [['h', 'text']] })
  // @ts-expect-error the timestamp is a number
  producer.append('t', null, 'v', { timestamp: new Date() })
  // @ts-expect-error a batch is of one partition
  producer.batch('t')
  // @ts-expect-error only the producer's own batches are sent
  await producer.send([{ key: null, value: 'v' }])
  // @ts-expect-error the timestamp must be said
  producer.batch('t', 0).append(null, 'v')
  // @ts-expect-error positions belong to a group
  await producer.transact({ batches: [], offsets: { positions: [] } })
  // @ts-expect-error a transaction is awaited before it is written to
  producer.begin().append('t', null, 'v')
  // @ts-expect-error no transaction begins in another
  await transaction.begin()
  // @ts-expect-error what is flushed is the producer
  await transaction.flush()

  // @ts-expect-error two kinds of isolation
  await log.consumer({ isolation: 'serializable' })
  // @ts-expect-error `none` is the default: nothing is said
  await log.consumer({ reset: 'none' })
  // @ts-expect-error topics are a list or a pattern
  consumer.subscribe('t')
  // @ts-expect-error no offset
  consumer.seek({ topic: 't', partition: 0 })
  // @ts-expect-error times are milliseconds
  await consumer.poll({ timeout: 5 })
  // @ts-expect-error a listener has these three
  consumer.subscribe(['t'], { onRebalance: () => {} })
  // @ts-expect-error an offset is a number
  await consumer.commit([{ topic: 't', partition: 0, offset: 5n }])
}

function readOnly(batch: ConsumedBatch, record: ConsumedRecord, query: OffsetQuery): void {
  // @ts-expect-error what was read is not changed
  batch.baseOffset = 0
  // @ts-expect-error nor is a record
  record.value = null
  // @ts-expect-error nor its headers
  record.headers.push(['h', null])
  // @ts-expect-error nor what was asked
  query.at = 'latest'
}

test('illegal use does not compile', () => {
  expect([illegal, readOnly]).toHaveLength(2)
  expectTypeOf<Outcome>().toEqualTypeOf<'retriable' | 'fenced' | 'unknownOutcome' | 'fatal'>()
  expectTypeOf<Producer['append']>().returns.toBeBoolean()
  expectTypeOf<ConsumedRecord['offset']>().toBeNumber()
  expectTypeOf<EmbeddedLogOptions['autoCreateTopics']>().extract<boolean>().toEqualTypeOf<false>()
  expectTypeOf<Producer>().toExtend<AsyncDisposable>()
  expectTypeOf<Consumer>().toExtend<AsyncDisposable>()
})
