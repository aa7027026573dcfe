import { join } from 'node:path'
import { embeddedLog, json, string } from '@millrace/core'
import { StreamsApp, StreamsBuilder } from '@millrace/streams'
import { timed, toRow, type Bench } from './row.ts'
import { fillTopics, keyOf, valueOf, type Payment } from './stream-records.ts'

const counts = { full: 2_000_000, tiny: 5_000 }
const keys = 10_000

/** Parse a JSON value, change a field, write it: no state, exactly once, four partitions. */
export const streamsJson: Bench = {
  id: 'streams-json',
  against: 'the same function over arrays',
  async run({ scale, directory }) {
    const records = counts[scale]
    await using log = await embeddedLog({ dir: join(directory, 'streams-json') })
    const bytes = await fillTopics(log, { records, keys })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: json<Payment>() })
      .mapValues((payment) => ({ ...payment, amount: payment.amount + 1 }))
      .to('out', { key: string, value: json<Payment>() })
    await using app = new StreamsApp(builder.build(), { applicationId: 'bench-json', log, bounded: true })
    const ours = await timed(async () => {
      await app.start()
      await app.finished
    })
    return toRow('streams-json', records, bytes, ours, await overArrays(records))
  },
}

async function overArrays(records: number) {
  const input = Array.from({ length: records }, (_, index) => valueOf(index, keyOf(index, keys)))
  const output: string[] = []
  return timed(() => {
    for (const text of input) {
      const payment = JSON.parse(text) as Payment
      output.push(JSON.stringify({ ...payment, amount: payment.amount + 1 }))
    }
  })
}
