import type { AssignedPartition, ReadPartition } from './assigned-partition.ts'
import type { ResolvedPoll } from './consumer-options.ts'
import type { FetchedBatch } from './fetched-batch.ts'

/** A batch on its way out, and of which reading it is. */
export interface Fetched<Log extends ReadPartition = ReadPartition> {
  readonly batch: FetchedBatch
  readonly one: AssignedPartition<Log>
  readonly moves: number
}

/** What was read and not given out is read again. */
export function giveBack(one: AssignedPartition, fetched: readonly Fetched[]): void {
  const last = fetched.findLast((each) => each.one === one)!
  if (one.moves === last.moves && one.delivered < last.batch.nextOffset) one.position = one.delivered
  else one.delivered = one.position // markers behind the last batch
}

export function sizeOf(fetched: readonly Fetched[]): { readonly bytes: number; readonly records: number } {
  let bytes = 0
  let records = 0
  for (const { batch } of fetched) {
    bytes += batch.sizeBytes
    records += batch.count
  }
  return { bytes, records }
}

export function isEnough(found: readonly Fetched[], { minBytes, maxBytes, maxRecords }: ResolvedPoll): boolean {
  if (found.length === 0) return false
  const { bytes, records } = sizeOf(found)
  return bytes >= Math.min(minBytes, maxBytes) || records >= maxRecords
}
