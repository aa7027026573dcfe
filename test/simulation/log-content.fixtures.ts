import { expect } from 'vitest'
import type { ConsumedBatch, Header, LogClient } from '@millrace/core'

export interface LoggedRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Uint8Array
  /** Null: a deletion. */
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
  /** Names the transaction that wrote it. */
  readonly transaction: string
}

/** All records of a topic, read committed, by partition and offset; none of a topic that is not there. No transaction is open. */
export async function recordsOf(log: LogClient, topic: string): Promise<readonly LoggedRecord[]> {
  const ends = await endsOf(log, topic)
  const places = ends.map((_, partition) => ({ topic, partition }))
  await using consumer = await log.consumer({ isolation: 'read_committed' })
  await consumer.assign(places.map((place) => ({ ...place, offset: 'earliest' })))
  const found: LoggedRecord[] = []
  while (places.some((place, index) => consumer.position(place) < ends[index]!)) {
    for (const batch of await consumer.poll()) found.push(...recordsIn(batch))
  }
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

/** The last stable offset of every partition. */
export async function endsOf(log: LogClient, topic: string): Promise<readonly number[]> {
  const [description] = await log.admin.describeTopics([topic])
  const places = Array.from({ length: description?.partitions ?? 0 }, (_, partition) => ({ topic, partition }))
  const stable = await log.admin.listOffsets(places.map((place) => ({ ...place, at: 'stable' })))
  const latest = await log.admin.listOffsets(places.map((place) => ({ ...place, at: 'latest' })))
  expect(stable, `a transaction is open in ${topic}`).toEqual(latest)
  return stable
}

function recordsIn(batch: ConsumedBatch): LoggedRecord[] {
  const transaction = `${batch.producerId}/${batch.producerEpoch}`
  return batch.toArray().map(({ offset, timestamp, key, value, headers }) => {
    return { partition: batch.partition, offset, timestamp, key: key!, value, headers, transaction }
  })
}
