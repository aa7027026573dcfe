import type { AssignedPartition, ReadPartition } from './assigned-partition.ts'
import { readOptions } from '../base/options.ts'
import { pollRules, type ResolvedPoll } from './consumer-options.ts'
import type { ConsumedBatch } from './consumer.ts'
import type { FetchedBatch } from './fetched-batch.ts'

/** A batch on its way out, and of which reading it is. */
export interface Fetched<Log extends ReadPartition = ReadPartition> {
  readonly batch: FetchedBatch
  readonly one: AssignedPartition<Log>
  readonly moves: number
}

/** How long one wait of an iteration lasts; it only bounds how long a timer runs. */
const iterationWaitMs = 60_000

/** A consumer, as an iteration over its batches needs it. */
export interface BatchSource<Log extends ReadPartition> {
  readonly isOpen: () => boolean
  readonly fetch: (options: ResolvedPoll) => Promise<readonly Fetched<Log>[]>
  /** Whether it is still assigned. */
  readonly holds: (one: AssignedPartition<Log>) => boolean
  /** Whether what was fetched has to wait: its group wants something of it. */
  readonly isWanted: () => boolean
}

/** One batch after the other. A batch is confirmed when the next one is asked for; those that nobody took are read again. */
export async function* eachBatch<Log extends ReadPartition>(
  source: BatchSource<Log>,
): AsyncGenerator<ConsumedBatch, undefined, undefined> {
  const options: ResolvedPoll = { ...readOptions<ResolvedPoll>('poll', {}, pollRules), timeoutMs: iterationWaitMs }
  while (source.isOpen()) {
    const fetched = await source.fetch(options).catch((error: unknown) => {
      if (!source.isOpen()) return []
      throw error
    })
    try {
      for (const { batch, one, moves } of fetched) {
        if (!source.isOpen() || source.isWanted()) break
        if (one.moves !== moves || !source.holds(one)) continue
        one.delivered = batch.nextOffset
        yield batch
        one.confirmed = one.delivered
      }
    } finally {
      for (const one of new Set(fetched.map((each) => each.one))) if (one.position > one.delivered) giveBack(one, fetched)
    }
  }
  return undefined
}

/** What was read and not given out is read again. */
function giveBack(one: AssignedPartition, fetched: readonly Fetched[]): void {
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
