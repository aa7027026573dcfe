import type { LogClient } from '@millrace/core'

/** The records of the benchmarks of streams: about 100 bytes of JSON, keys scrambled over `keys`, 1 ms apart. */
export interface StreamRecords {
  readonly records: number
  readonly keys: number
}

export interface Payment {
  readonly id: number
  readonly user: string
  readonly amount: number
  readonly text: string
}

const text = 'the quick brown fox jumps over the lazy '
const firstTimestamp = 1_700_000_000_000

export const streamPartitions = 4

export function keyOf(index: number, keys: number): string {
  return `k${(Math.imul(index, 0x9e3779b1) >>> 0) % keys}`
}

export function recordTimestamp(index: number): number {
  return firstTimestamp + index
}

export function valueOf(index: number, key: string): string {
  return `{"id":${index},"user":"${key}","amount":${index % 1000},"text":"${text}"}`
}

/** Makes the topics `in` and `out` and fills the first. Returns the bytes of its keys and values. */
export async function fillTopics(log: LogClient, { records, keys }: StreamRecords): Promise<number> {
  const config = { 'retention.ms': '-1' }
  await log.admin.createTopics([
    { topic: 'in', partitions: streamPartitions, config },
    { topic: 'out', partitions: streamPartitions, config },
  ])
  const producer = await log.producer()
  let bytes = 0
  for (let index = 0; index < records; index++) {
    const key = keyOf(index, keys)
    const value = valueOf(index, key)
    bytes += key.length + value.length
    if (!producer.append('in', key, value, { timestamp: recordTimestamp(index) })) await producer.ready()
  }
  await producer.flush()
  await producer.close()
  return bytes
}
