import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { TransactionRecord } from '../coordinator/transaction-record.ts'
import type { Ending } from '../coordinator/transactional-ids.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { batchOf } from './log-batches.ts'
import type { HomeEntry, TransactionHomes, Turn } from './transaction-homes.ts'

/**
 * Ends a transaction: the decision, a marker in every partition it has, then the record that says that they are there.
 *
 * Invariants
 *   D1  The journal has one order, and a crash leaves a beginning of it: data before the decision, the decision before the markers,
 *       the markers before the completion. All of it is queued in one turn, in as few frames as it takes; in most cases one.
 *   D2  Nothing is decided that a partition could not take: the first that has failed stops all of it, before the first frame.
 *   D3  Markers that are written again (a crash, a full disk) end what is ended already, and change nothing.
 */
export function queueEnding(
  homes: TransactionHomes,
  { home, now }: Turn,
  decision: readonly TransactionRecord[],
  ending: Ending,
): Promise<void> {
  const logs = ending.partitions.map((place) => logOf(homes, place)).filter((log) => log !== null)
  for (const { failed } of [home.log, ...logs]) if (failed !== null) throw failed
  const entries: HomeEntry[] = []
  if (decision.length > 0) entries.push({ log: home.log, batch: batchOf(decision, now), home })
  for (const log of logs) entries.push(marker(homes, log, ending, now))
  entries.push({ log: home.log, batch: batchOf([ending.complete], now), home })
  return decision.length > 0 ? decided(home, queueInFrames(homes, entries)) : allOf(queueInFrames(homes, entries))
}

/** Null when the topic was deleted meanwhile: there is nothing left to end. */
function logOf({ topics }: TransactionHomes, place: TopicPartition): PartitionLog | null {
  try {
    return topics.log(place)
  } catch (error) {
    if (error instanceof MillraceError && (error.code === 'UNKNOWN_TOPIC' || error.code === 'UNKNOWN_PARTITION')) return null
    throw error
  }
}

function marker(homes: TransactionHomes, log: PartitionLog, { kind, marker: by }: Ending, timestamp: number): HomeEntry {
  const batch = buildEndMarker({ kind, ...by, coordinatorEpoch: homes.directory.epoch, timestamp })
  const home = homes.groupHome(log)
  return home === undefined ? { log, batch } : { log, batch, home }
}

/** Each resolves when its frame is durable; when one fails, all behind it do. */
function queueInFrames(homes: TransactionHomes, entries: readonly HomeEntry[]): readonly Promise<void>[] {
  return framesOf(homes, entries).map((frame) => {
    const { durable } = homes.queue(frame)
    durable.catch(ignore) // heard of below, but maybe not before it fails
    return durable
  })
}

async function allOf(frames: readonly Promise<void>[]): Promise<void> {
  await Promise.all(frames)
}

/** The first frame holds the decision: what fails behind it takes nothing back. */
async function decided({ log }: Turn['home'], [decision, ...rest]: readonly Promise<void>[]): Promise<void> {
  await decision
  try {
    await Promise.all(rest)
  } catch (cause) {
    throw coreError('TRANSACTION_INCOMPLETE', {
      what: `the transaction is decided, but its markers could not be written (${(cause as Error).message})`,
      where: log.name,
      cause,
    })
  }
}

function framesOf({ directory }: TransactionHomes, entries: readonly HomeEntry[]): readonly (readonly HomeEntry[])[] {
  if (directory.fits(entries)) return [entries]
  const frames: HomeEntry[][] = [[]]
  for (const entry of entries) {
    const last = frames.at(-1)!
    if (last.length === 0 || directory.fits([...last, entry])) last.push(entry)
    else frames.push([entry])
  }
  return frames
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
