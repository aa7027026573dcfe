import { readBatchHeader, toRecords, type BatchHeader, type SimulatedLog } from '@millrace/core/testing'
import type { PlacedRecord } from './log-model.ts'

type Broker = SimulatedLog['broker']
type PartitionLog = ReturnType<Broker['topics']['log']>

/** A partition as readers find it. */
export interface FoundPartition {
  readonly start: number
  readonly end: number
  readonly lastStable: number
  readonly records: readonly PlacedRecord[]
}

export interface FoundLog {
  readonly topics: readonly string[]
  readonly partitions: ReadonlyMap<string, FoundPartition>
  readonly position: number | null
}

export const group = 'g'

/** Everything, straight from the partitions: a consumer for each would take most of the time. */
export async function readLog({ broker }: SimulatedLog): Promise<FoundLog> {
  const topics = broker.topics.names.toSorted()
  const partitions = new Map<string, FoundPartition>()
  for (const topic of topics) {
    for (let partition = 0; partition < broker.topics.partitionCount(topic)!; partition++) {
      partitions.set(`${topic}-${partition}`, await readPartition(broker.topics.log({ topic, partition })))
    }
  }
  return { topics, partitions, position: await positionOf(broker) }
}

async function positionOf(broker: Broker): Promise<number | null> {
  const offsets = await broker.groups.positions(group)
  return offsets.find(({ topic, partition }) => topic === 'a' && partition === 0)?.offset ?? null
}

const readBytes = 4096

async function readPartition(log: PartitionLog): Promise<FoundPartition> {
  const { startOffset: start, highWatermark: end, lastStableOffset: lastStable } = log
  const aborted = log.hasAborted ? await log.abortedTransactions(start, end) : []
  const isVisible = ({ baseOffset, transactional, producerId }: BatchHeader): boolean =>
    baseOffset < lastStable &&
    !(
      transactional &&
      aborted.some((each) => each.producerId === producerId && each.firstOffset <= baseOffset && baseOffset < each.lastOffset)
    )
  const records: PlacedRecord[] = []
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
  return { start, end, lastStable, records }
}

function text(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('latin1')
}
