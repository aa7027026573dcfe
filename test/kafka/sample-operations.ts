import { compressions, type Batch, type Compression, type Item, type Operation } from './operations.ts'

/** Operations in which everything occurs that a record, a batch, a transaction and a segment can be. */

const T = 1_700_000_000_000

export const sampleOperations: readonly Operation[] = [
  { op: 'create', topic: 'plain', partitions: 2, config: { 'retention.ms': '-1' } },
  {
    op: 'create',
    topic: 'segments',
    partitions: 1,
    config: { 'retention.ms': '-1', 'segment.bytes': '4096', 'index.interval.bytes': '300' },
  },
  { op: 'create', topic: 'transactions', partitions: 3, config: { 'retention.ms': '-1' } },
  { op: 'create', topic: 'compacted', partitions: 1, config: { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '1' } },
  { op: 'create', topic: 'empty', partitions: 1 },
  ...compressions.flatMap(compressed),
  { op: 'create', topic: 'recompressed', partitions: 1, config: { 'retention.ms': '-1', 'compression.type': 'zstd' } },
  { op: 'write', batch: { topic: 'recompressed', partition: 0, records: everyKind() } },
  ...everyKind().map((one): Operation => ({ op: 'write', batch: { topic: 'plain', partition: 0, records: [one] } })),
  { op: 'write', batch: { topic: 'plain', partition: 1, records: everyKind() } },
  ...Array.from({ length: 60 }, (_, n): Operation => ({ op: 'write', batch: someBatch('segments', 0, n) })),
  ...Array.from({ length: 20 }, (_, n): Operation => transaction(n)),
  {
    op: 'write',
    batch: { topic: 'compacted', partition: 0, records: [item(0, 'a', '1'), item(1, 'b', '2'), item(2, 'a', null)] },
  },
]

/** The same transactions, of which some are aborted, and plain batches between them. */
export const abortingOperations: readonly Operation[] = Array.from({ length: 20 }, (_, n): Operation[] => {
  const operation = transaction(n)
  const between: Operation = { op: 'write', batch: someBatch('transactions', n % 3, n) }
  return operation.op === 'transact' && n % 3 === 1 ? [{ ...operation, end: 'abort' }, between] : [operation]
}).flat()

/** A topic in which compaction finds all that it treats by rules of its own: tombstones, transactions, aborted ones, their markers. */
export const compactingOperations: readonly Operation[] = [
  {
    op: 'create',
    topic: 'cleaned',
    partitions: 1,
    config: {
      'cleanup.policy': 'compact',
      'segment.bytes': '2000',
      'index.interval.bytes': '300',
      'min.cleanable.dirty.ratio': '0.001',
    },
  },
  ...Array.from({ length: 60 }, (_, n): Operation => {
    const records = Array.from({ length: 1 + (n % 6) }, (__, i) =>
      item(n * 10 + i, `k${(n * 7 + i) % 23}`, (n + i) % 9 === 0 ? null : `${n}-${i}`),
    )
    const batch: Batch = { topic: 'cleaned', partition: 0, records }
    if (n % 3 !== 0) return { op: 'write', batch }
    return { op: 'transact', transactionalId: `cleaned-${n % 2}`, batches: [batch], ...(n % 4 === 0 ? { end: 'abort' } : {}) }
  }),
]

function item(time: number, key: string | null, value: string | null, headers?: Item['headers']): Item {
  return { timestamp: T + time, key, value, ...(headers === undefined ? {} : { headers }) }
}

function everyKind(): Item[] {
  return [
    item(0, 'key', 'value'),
    item(-5, null, 'héllo € 😀', [
      ['trace', 'abc'],
      ['trace', null],
      ['ü', ''],
    ]),
    item(86_400_000, 'deleted', null),
    item(1, '', ''),
    item(3_000_000_000, 'k'.repeat(63), 'v'.repeat(10_000)),
    item(2, null, null),
    item(3, 'large', '€'.repeat(250_000)),
    item(-T, 'the first of all times', 'x'),
    item(4, 'line\nends\t', 'a\nb', [['', 'an empty name']]),
  ]
}

/** Small batches and large ones, of which the codecs make one block or several. */
function compressed(compression: Compression): Operation[] {
  const topic = `compressed-${compression}`
  const write = (records: readonly Item[]): Operation => ({ op: 'write', compression, batch: { topic, partition: 0, records } })
  return [
    { op: 'create', topic, partitions: 1, config: { 'retention.ms': '-1' } },
    write([item(0, 'one', 'record')]),
    write(Array.from({ length: 200 }, (_, n) => item(n, `key-${n % 7}`, `value-${n}`.repeat(1 + (n % 50)), [['n', String(n)]]))),
    write(everyKind()),
    write([item(1, null, 'x'.repeat(500_000))]),
  ]
}

/** Times that go back and forth, so that the time index has to know better than the order. */
function someBatch(topic: string, partition: number, n: number): Batch {
  const records = Array.from({ length: 1 + (n % 7) }, (_, i) =>
    item(((n * 37) % 50) * 1000 + i, `k${n % 5}`, `${n}-${i}`.repeat(1 + ((n * 13) % 20))),
  )
  return { topic, partition, records }
}

function transaction(n: number): Operation {
  const transactionalId = `writer-${n % 3}`
  const batches = Array.from({ length: 1 + (n % 3) }, (_, i) => someBatch('transactions', (n + i) % 3, n))
  if (n % 4 !== 0) return { op: 'transact', transactionalId, batches }
  return {
    op: 'transact',
    transactionalId,
    batches,
    offsets: { group: 'readers', positions: [{ topic: 'plain', partition: (n / 4) % 2, offset: n }] },
  }
}
