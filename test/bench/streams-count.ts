import { join } from 'node:path'
import { embeddedLog, int64, string } from '@millrace/core'
import { StreamsApp, StreamsBuilder } from '@millrace/streams'
import { timed, toRow, type Bench, type BenchContext } from './row.ts'
import { fillTopics, keyOf, valueOf } from './stream-records.ts'

/** Count by key in a persistent store, every update written: exactly once, four partitions. */
function countBench(
  id: string,
  records: Readonly<Record<BenchContext['scale'], number>>,
  keys: Readonly<Record<BenchContext['scale'], number>>,
): Bench {
  return {
    id,
    against: 'the same count over arrays',
    run: ({ scale, directory }) => runCount(id, records[scale], keys[scale], directory),
  }
}

async function runCount(id: string, records: number, keys: number, directory: string) {
  await using log = await embeddedLog({ dir: join(directory, id) })
  const bytes = await fillTopics(log, { records, keys })
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .filter((count): count is number => count !== null)
    .to('out', { key: string, value: int64 })
  const options = { applicationId: `bench-${id}`, log, stateDir: join(directory, `${id}-state`), bounded: true }
  await using app = new StreamsApp(builder.build(), options)
  const ours = await timed(async () => {
    await app.start()
    await app.finished
  })
  return toRow(id, records, bytes, ours, await overArrays(records, keys))
}

async function overArrays(records: number, keys: number) {
  const input = Array.from({ length: records }, (_, index) => {
    const key = keyOf(index, keys)
    return { key, value: valueOf(index, key) }
  })
  const output: { readonly key: string; readonly count: number }[] = []
  return timed(() => {
    const counts = new Map<string, number>()
    for (const { key } of input) {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      output.push({ key, count })
    }
  })
}

export const streamsCount: Bench = countBench('streams-count', { full: 2_000_000, tiny: 5_000 }, { full: 10_000, tiny: 100 })
export const streamsCount1m: Bench = countBench(
  'streams-count-1m',
  { full: 2_000_000, tiny: 5_000 },
  { full: 1_000_000, tiny: 4_000 },
)
