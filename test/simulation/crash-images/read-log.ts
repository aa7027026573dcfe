import { MillraceError } from '@millrace/core'
import { readBatchHeader, toRecords, type BatchHeader, type SimulatedLog } from '@millrace/core/testing'
import { placeName, type PlacedRecord } from './log-model.ts'

type Broker = SimulatedLog['broker']
type PartitionLog = ReturnType<Broker['topics']['log']>

/** A partition as readers find it. */
export interface FoundPartition {
  readonly start: number
  readonly end: number
  readonly lastStable: number
  readonly records: readonly PlacedRecord[]
  /** What the log said when it was asked for more. */
  readonly damage: MillraceError | null
}

export interface FoundLog {
  readonly topics: readonly string[]
  readonly partitions: ReadonlyMap<string, FoundPartition>
  /** Undefined where the log said that it is damaged. */
  readonly position: number | null | undefined
}

export const group = 'g'

/** Everything, straight from the partitions: a consumer for each would take most of the time. */
export async function readLog({ broker }: SimulatedLog): Promise<FoundLog> {
  const topics = broker.topics.names.toSorted()
  const partitions = new Map<string, FoundPartition>()
  for (const topic of topics) {
    for (let partition = 0; partition < broker.topics.partitionCount(topic)!; partition++) {
      const log = broker.topics.log({ topic, partition })
      partitions.set(placeName(log), await readPartition(log))
    }
  }
  return { topics, partitions, position: await positionOf(broker) }
}

async function positionOf(broker: Broker): Promise<number | null | undefined> {
  try {
    const offsets = await broker.groups.positions(group)
    return offsets.find(({ topic, partition }) => topic === 'a' && partition === 0)?.offset ?? null
  } catch (error) {
    asDamage(error)
    return undefined
  }
}

async function readPartition(log: PartitionLog): Promise<FoundPartition> {
  const records: PlacedRecord[] = []
  const damage = await readRecords(log, records).then(() => null, asDamage)
  return { start: log.startOffset, end: log.highWatermark, lastStable: log.lastStableOffset, records, damage }
}

/** An answer of the log that names a place; anything else is thrown again. */
export function asDamage(error: unknown): MillraceError {
  if (error instanceof MillraceError && error.fault === 'world' && (error.where ?? '') !== '') return error
  throw error
}

const readBytes = 4096

async function readRecords(log: PartitionLog, records: PlacedRecord[]): Promise<void> {
  const { startOffset: start, highWatermark: end, lastStableOffset: lastStable } = log
  const aborted = log.hasAborted ? await log.abortedTransactions(start, end) : []
  const isVisible = ({ baseOffset, transactional, producerId }: BatchHeader): boolean =>
    baseOffset < lastStable &&
    !(
      transactional &&
      aborted.some((each) => each.producerId === producerId && each.firstOffset <= baseOffset && baseOffset < each.lastOffset)
    )
  for (let next = start; next < end;) {
    const batches = await log.read(next, end, readBytes)
    if (batches.length === 0) throw new Error(`${log.name} has nothing at ${next}, before its end ${end}`)
    for (const batch of batches) {
      const header = readBatchHeader(batch, 0)
      next = header.baseOffset + header.lastOffsetDelta + 1
      if (header.control) continue
      const visible = isVisible(header)
      for (const { offset, key, value } of toRecords(batch)) {
        if (offset >= start) records.push({ offset, key: text(key), value: text(value), visible })
      }
    }
  }
}

function text(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('latin1')
}
