import { coreError } from '../base/error-catalogue.ts'
import type { ProducerIdentity } from '../coordinator/transaction-state.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { batchOf } from './log-batches.ts'
import type { GroupHome, HomeEntry, TransactionHomes, Turn } from './transaction-homes.ts'
import { buildData, type GroupCommit, type TransactionBatch } from './transaction-work.ts'

/**
 * Transactions of which everything is known at once: data, offsets, decision and markers stand in one journal frame.
 *
 * Invariants
 *   T1  Everything is validated before any offset is assigned; from there to the queue there is no await.
 *   T2  The frame holds, in this order: data, offsets, the CompleteCommit record, the markers. A crash leaves all or nothing,
 *       so no transaction is ever seen open.
 *   T3  The answer leaves when the frame is durable: read_committed readers then see all of it.
 */
export interface AtomicWork {
  readonly id: string
  readonly by: ProducerIdentity
  readonly batches: readonly TransactionBatch[]
  readonly offsets: GroupCommit | null
}

export interface Committed {
  /** Of each batch, in the order given. */
  readonly baseOffsets: readonly number[]
  /** Who wrote it. */
  readonly by: ProducerIdentity
  /** Who writes the next one. */
  readonly next: ProducerIdentity
}

/** More than the header of a frame and the CompleteCommit record take. */
const fixedBytes = 1024
/** More than the place of a batch in a frame takes. */
const batchShareBytes = 32
/** More than a marker and its entry in the frame take. */
const markerBytes = 128
/** More than a committed position and its share of keys take, without its text. */
const positionBytes = 128

/** Queues it in this turn; resolves when it is durable. `group` keeps the offsets. */
export function queueAtomically(
  homes: TransactionHomes,
  { home, machine, now }: Turn,
  { id, by, batches, offsets }: AtomicWork,
  group: GroupHome | null,
): Promise<Committed> {
  checkSize(homes, id, batches, offsets)
  const { records, answer, tookProducerId } = machine.commit(id, by, homes.producerIds.peek, now)
  const offsetEntry = group === null || offsets === null ? null : offsetsEntry(homes, group, offsets, by, now)
  for (const { log } of batches) if (log.failed !== null) throw log.failed
  if (tookProducerId) homes.producerIds.take()

  const data: HomeEntry[] = buildData(batches, by)
  const touched = new Set(batches.map(({ log }) => log))
  if (offsetEntry !== null) {
    data.push(offsetEntry)
    touched.add(offsetEntry.log)
  }
  const decision: HomeEntry = { log: home.log, batch: batchOf(records, now), home }
  const marker = {
    kind: 'commit',
    producerId: by.producerId,
    producerEpoch: answer.markerEpoch,
    coordinatorEpoch: homes.directory.epoch,
    timestamp: now,
  } as const
  const markers = [...touched].map((log): HomeEntry => {
    const entry = { log, batch: buildEndMarker(marker) }
    return offsetEntry?.log === log ? { ...entry, home: group! } : entry
  })
  const { baseOffsets, durable } = homes.queue([...data, decision, ...markers])
  return durable.then(() => ({ baseOffsets: baseOffsets.slice(0, batches.length), by, next: answer.next }))
}

/** The offsets of a group as a batch of the transaction; null when there are none. */
export function offsetsEntry(
  homes: TransactionHomes,
  group: GroupHome,
  offsets: GroupCommit,
  by: ProducerIdentity,
  now: number,
): HomeEntry | null {
  const records = homes.groups.checkCommit(group, offsets, now)
  if (records.length === 0) return null
  const baseSequence = group.log.nextSequence(by.producerId, by.producerEpoch)
  return { log: group.log, batch: batchOf(records, now, { ...by, baseSequence, transactional: true }), home: group }
}

function checkSize(
  { directory }: TransactionHomes,
  id: string,
  batches: readonly TransactionBatch[],
  offsets: GroupCommit | null,
): void {
  let bytes = fixedBytes + 3 * id.length + (batches.length + 1) * markerBytes
  for (const { sizeBytes } of batches) bytes += sizeBytes + batchShareBytes
  for (const { topic, metadata } of offsets?.positions ?? []) {
    bytes += positionBytes + 3 * (topic.length + metadata.length + offsets!.group.length)
  }
  if (bytes <= directory.maxFrameBytes) return
  throw coreError('TRANSACTION_TOO_LARGE', {
    what: 'the transaction does not fit into one frame of the journal',
    expected: `at most ${directory.maxFrameBytes} bytes`,
    received: `${bytes} bytes`,
  })
}
