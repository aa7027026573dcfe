import { coreError } from '../base/error-catalogue.ts'
import type { TopicPartition } from '../base/ids.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'
import type { TransactionState, TransactionStatus } from './transaction-state.ts'

/**
 * Records of `__transaction_state`, as Kafka 4 writes them: key version 0 {transactional id}; value version 1 (flexible).
 *
 *      producer id i64 │ epoch i16 │ timeout i32 │ status i8 │ partitions: nullable list of {topic, list of i32}
 *      last update i64 │ start i64 │ tags: 0 previous producer id i64, 1 next producer id i64, 2 client version i16
 *
 * Version 0 has neither tags nor compact lengths.
 */
export interface TransactionRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

const topic = '__transaction_state'
/** By code. Kafka's 7, a fence on its way, is never written. */
const statuses: readonly TransactionStatus[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
]
const tags = { previousProducerId: 0, nextProducerId: 1, clientVersion: 2 } as const

export function transactionRecord(id: string, state: TransactionState): TransactionRecord {
  return { key: transactionKey(id), value: stateValue(state) }
}

/** Forgets the id. */
export function transactionTombstone(id: string): TransactionRecord {
  return { key: transactionKey(id), value: null }
}

function transactionKey(id: string): Uint8Array {
  return new RecordWriter().i16(0).string(id).bytes()
}

function stateValue(state: TransactionState): Uint8Array {
  const writer = new RecordWriter().i16(1).i64(state.producerId).i16(state.producerEpoch).i32(state.timeoutMs)
  writer.i8(statuses.indexOf(state.status))
  writePartitions(writer, state)
  writer.i64(state.updatedAt).i64(state.startedAt)
  const { previousProducerId, nextProducerId } = state
  writer.varint(1 + Number(previousProducerId >= 0) + Number(nextProducerId >= 0))
  if (previousProducerId >= 0) writer.varint(tags.previousProducerId).varint(8).i64(previousProducerId)
  if (nextProducerId >= 0) writer.varint(tags.nextProducerId).varint(8).i64(nextProducerId)
  return writer.varint(tags.clientVersion).varint(2).i16(state.version).bytes()
}

/** Null for an id without transaction, as Kafka does. */
function writePartitions(writer: RecordWriter, { status, partitions }: TransactionState): void {
  if (partitions.length === 0 && status !== 'Ongoing') {
    writer.varint(0)
    return
  }
  const byTopic = grouped(partitions)
  writer.varint(byTopic.size + 1)
  for (const [name, numbers] of byTopic) {
    writer.compactString(name).varint(numbers.length + 1)
    for (const partition of numbers) writer.i32(partition)
    writer.varint(0)
  }
}

function grouped(partitions: readonly TopicPartition[]): Map<string, number[]> {
  const byTopic = new Map<string, number[]>()
  for (const { topic: name, partition } of partitions) {
    const numbers = byTopic.get(name)
    if (numbers === undefined) byTopic.set(name, [partition])
    else numbers.push(partition)
  }
  return byTopic
}

/** @throws UNSUPPORTED_FORMAT */
export function readTransactionKey(key: Uint8Array): string {
  const reader = new RecordReader(key, topic)
  const version = reader.i16()
  if (version !== 0) throw unsupported('the version of a key', version)
  return reader.string()
}

/** @throws UNSUPPORTED_FORMAT */
export function readTransactionValue(value: Uint8Array): TransactionState {
  const reader = new RecordReader(value, topic)
  const version = reader.i16()
  if (version !== 0 && version !== 1) throw unsupported('the version of a value', version)
  const producerId = reader.i64()
  const producerEpoch = reader.i16()
  const timeoutMs = reader.i32()
  const code = reader.i8()
  const status = statuses[code]
  if (status === undefined) throw unsupported('a status', code)
  const partitions = version === 0 ? readPartitions(reader) : readCompactPartitions(reader)
  const updatedAt = reader.i64()
  const startedAt = reader.i64()
  const tagged = version === 0 ? untagged : readTags(reader)
  return { producerId, producerEpoch, timeoutMs, status, partitions, updatedAt, startedAt, ...tagged }
}

function readPartitions(reader: RecordReader): TopicPartition[] {
  const partitions: TopicPartition[] = []
  for (let topics = reader.i32(); topics > 0; topics--) {
    const name = reader.string()
    for (let left = reader.i32(); left > 0; left--) partitions.push({ topic: name, partition: reader.i32() })
  }
  return partitions
}

/** A compact length is the length + 1; 0 is null. */
function readCompactPartitions(reader: RecordReader): TopicPartition[] {
  const partitions: TopicPartition[] = []
  for (let topics = reader.varint(); topics > 1; topics--) {
    const name = reader.compactString()
    for (let left = reader.varint(); left > 1; left--) partitions.push({ topic: name, partition: reader.i32() })
    for (let left = reader.varint(); left > 0; left--) skipTag(reader)
  }
  return partitions
}

type Tagged = Pick<TransactionState, 'previousProducerId' | 'nextProducerId' | 'version'>
const untagged: Tagged = { previousProducerId: -1, nextProducerId: -1, version: 1 }

function readTags(reader: RecordReader): Tagged {
  let tagged = untagged
  for (let left = reader.varint(); left > 0; left--) tagged = { ...tagged, ...readTag(reader) }
  return tagged
}

function readTag(reader: RecordReader): Partial<Tagged> {
  const tag = reader.varint()
  const sizeBytes = reader.varint()
  switch (tag) {
    case tags.previousProducerId:
      return { previousProducerId: reader.i64() }
    case tags.nextProducerId:
      return { nextProducerId: reader.i64() }
    case tags.clientVersion:
      return { version: reader.i16() < 2 ? 1 : 2 }
    default:
      for (let left = sizeBytes; left > 0; left--) reader.i8()
      return {}
  }
}

function skipTag(reader: RecordReader): void {
  reader.varint()
  for (let left = reader.varint(); left > 0; left--) reader.i8()
}

function unsupported(what: string, received: number): Error {
  return coreError('UNSUPPORTED_FORMAT', { what: `${what} of a transaction record is not known`, where: topic, received })
}
