import { join } from 'node:path'
import { embeddedLog, json, string, type LogClient } from '@millrace/core'
import { StreamsApp, StreamsBuilder } from '@millrace/streams'
import { timed, toRow, type Bench } from './row.ts'
import { fillTopics, keyOf, recordTimestamp, streamPartitions, valueOf, type Payment } from './stream-records.ts'

const counts = { full: 2_000_000, tiny: 2_000 }
const keys = { full: 10_000, tiny: 100 }

interface Named extends Payment {
  readonly name: string
}

/** Each record with the row of its key in a table, as JSON: exactly once, four partitions. */
export const streamsJoin: Bench = {
  id: 'streams-join',
  against: 'the same join over arrays',
  async run({ scale, directory }) {
    const [records, distinct] = [counts[scale], keys[scale]]
    await using log = await embeddedLog({ dir: join(directory, 'streams-join') })
    await fillTable(log, distinct)
    const bytes = await fillTopics(log, { records, keys: distinct })
    const builder = new StreamsBuilder()
    const names = builder.table('table', { key: string, value: string, store: 'names' })
    builder
      .stream('in', { key: string, value: json<Payment>() })
      .join(names, (payment, name): Named => ({ ...payment, amount: payment.amount + 1, name }))
      .to('out', { key: string, value: json<Named>() })
    const options = { applicationId: 'bench-join', log, stateDir: join(directory, 'streams-join-state'), bounded: true }
    await using app = new StreamsApp(builder.build(), options)
    const ours = await timed(async () => {
      await app.start()
      await app.finished
    })
    return toRow('streams-join', records, bytes, ours, await overArrays(records, distinct))
  },
}

/** A row for each key, older than all records. */
async function fillTable(log: LogClient, distinct: number): Promise<void> {
  await log.admin.createTopics([{ topic: 'table', partitions: streamPartitions, config: { 'retention.ms': '-1' } }])
  await using producer = await log.producer()
  for (let key = 0; key < distinct; key++)
    producer.append('table', `k${key}`, `name of ${key}`, { timestamp: recordTimestamp(0) })
  await producer.flush()
}

async function overArrays(records: number, distinct: number) {
  const input = Array.from({ length: records }, (_, index) => valueOf(index, keyOf(index, distinct)))
  const names = new Map(Array.from({ length: distinct }, (_, key) => [`k${key}`, `name of ${key}`]))
  const output: string[] = []
  return timed(() => {
    for (const text of input) {
      const payment = JSON.parse(text) as Payment
      output.push(JSON.stringify({ ...payment, amount: payment.amount + 1, name: names.get(payment.user) }))
    }
  })
}
