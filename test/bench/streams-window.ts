import { join } from 'node:path'
import { embeddedLog, int64, string } from '@millrace/core'
import { StreamsApp, StreamsBuilder, hopping, seconds } from '@millrace/streams'
import { timed, toRow, type Bench } from './row.ts'
import { fillTopics, keyOf, recordTimestamp } from './stream-records.ts'

const counts = { full: 2_000_000, tiny: 2_000 }
const keys = { full: 10_000, tiny: 100 }
const [sizeMs, advanceMs] = [10_000, 2_000]

/** Counts by key in windows of 10 s that hop by 2 s, so that each record is in five; every update written, exactly once. */
export const streamsWindow: Bench = {
  id: 'streams-window',
  against: 'the same counts over arrays',
  async run({ scale, directory }) {
    const [records, distinct] = [counts[scale], keys[scale]]
    await using log = await embeddedLog({ dir: join(directory, 'streams-window') })
    const bytes = await fillTopics(log, { records, keys: distinct })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .windowedBy(hopping({ size: seconds(10), advance: seconds(2), grace: seconds(5) }))
      .count({ store: 'counts' })
      .emitOnUpdate()
      .toStream()
      .filter((count): count is number => count !== null)
      .map((count, window) => ({ key: `${window.key}@${window.start}`, value: count }))
      .to('out', { key: string, value: int64 })
    const options = { applicationId: 'bench-window', log, stateDir: join(directory, 'streams-window-state'), bounded: true }
    await using app = new StreamsApp(builder.build(), options)
    const ours = await timed(async () => {
      await app.start()
      await app.finished
    })
    return toRow('streams-window', records, bytes, ours, await overArrays(records, distinct))
  },
}

async function overArrays(records: number, distinct: number) {
  const output: { readonly key: string; readonly count: number }[] = []
  return timed(() => {
    const totals = new Map<string, number>()
    for (let index = 0; index < records; index++) {
      const timestamp = recordTimestamp(index)
      const key = keyOf(index, distinct)
      for (let start = Math.ceil((timestamp - sizeMs + 1) / advanceMs) * advanceMs; start <= timestamp; start += advanceMs) {
        const window = `${key}@${start}`
        const count = (totals.get(window) ?? 0) + 1
        totals.set(window, count)
        output.push({ key: window, count })
      }
    }
  })
}
