import { noHeaders, type ConsumedBatch, type ConsumedRecord } from '@millrace/core'

/** A batch of records at these offsets, each 100 bytes, ending before `nextOffset`. Timestamps are the offsets. */
export function batchAt(offsets: readonly number[], nextOffset: number = offsets.at(-1)! + 1): ConsumedBatch {
  const records: ConsumedRecord[] = offsets.map((offset) => ({
    offset,
    timestamp: offset,
    key: null,
    value: null,
    headers: noHeaders,
  }))
  return {
    topic: 'in',
    partition: 0,
    count: records.length,
    sizeBytes: 100 * records.length,
    baseOffset: offsets[0]!,
    nextOffset,
    highWatermark: nextOffset,
    lastStableOffset: nextOffset,
    leaderEpoch: 0,
    producerId: -1,
    producerEpoch: -1,
    forEach: (visit) => records.forEach(visit),
    toArray: () => records,
  }
}
