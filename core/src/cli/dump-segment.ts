import type { Disk } from '../base/disk.ts'
import { compressionNames, readBatchHeader, type BatchHeader } from '../record/batch-header.ts'
import { forEachRecord, type RecordView } from '../record/batch-reader.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import { readControlKind, readCoordinatorEpoch } from '../record/control-record.ts'
import { segmentBatches } from '../storage/segment-batches.ts'

/** The batches of a segment, and their records: as lines with Kafka's names in Kafka's order, or as JSON. */
export interface SegmentDump {
  readonly withData: boolean
  readonly json: boolean
}

type Out = (line: string) => void

/** False when a batch is not valid. */
export async function dumpSegment(disk: Disk, path: string, { withData, json }: SegmentDump, out: Out): Promise<boolean> {
  const file = disk.open(path)
  let intact = true
  try {
    for await (const { position, bytes } of segmentBatches(file, disk.stat(path)!.sizeBytes)) {
      const isValid = isBatchIntact(bytes, 0)
      intact &&= isValid
      const facts = isValid ? batchFacts(bytes, position, json) : { position, isvalid: false }
      const records = isValid && withData ? recordsOf(bytes, json) : []
      if (json) out(JSON.stringify({ ...facts, ...(withData ? { records } : {}) }))
      else for (const line of [lineOf(facts), ...records]) out(String(line))
    }
  } finally {
    file.close()
  }
  return intact
}

type Facts = Readonly<Record<string, unknown>>

function batchFacts(bytes: Uint8Array, position: number, json: boolean): Facts {
  const header = readBatchHeader(bytes, 0)
  return {
    baseOffset: header.baseOffset,
    lastOffset: header.baseOffset + header.lastOffsetDelta,
    count: header.count,
    baseSequence: header.baseSequence,
    lastSequence: sequenceAt(header, header.lastOffsetDelta),
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    partitionLeaderEpoch: header.leaderEpoch,
    isTransactional: header.transactional,
    isControl: header.control,
    deleteHorizonMs: json ? horizonOf(header) : optional(horizonOf(header)),
    position,
    [timeName(header)]: header.maxTimestamp,
    size: header.sizeBytes,
    magic: header.magic,
    compresscodec: compressionNames[header.compression],
    crc: header.crc,
    isvalid: true,
  }
}

function horizonOf({ hasHorizon, baseTimestamp }: BatchHeader): number | null {
  return hasHorizon ? baseTimestamp : null
}

/** As Java prints an optional number. */
function optional(value: number | null): string {
  return value === null ? 'OptionalLong.empty' : `OptionalLong[${value}]`
}

function timeName({ timestampType }: BatchHeader): string {
  return timestampType === 'create' ? 'CreateTime' : 'LogAppendTime'
}

function sequenceAt({ baseSequence }: BatchHeader, offsetDelta: number): number {
  return baseSequence < 0 ? -1 : (baseSequence + offsetDelta) % 2 ** 31
}

function recordsOf(bytes: Uint8Array, json: boolean): unknown[] {
  const header = readBatchHeader(bytes, 0)
  const kind = readControlKind(bytes)
  const marker = kind === null ? {} : { endTxnMarker: kind.toUpperCase(), coordinatorEpoch: readCoordinatorEpoch(bytes) }
  const records: unknown[] = []
  forEachRecord(bytes, (record) => {
    records.push(
      json
        ? { ...jsonOf(record), ...marker }
        : `| ${lineOf({ ...recordFacts(record, header), ...(kind === null ? textsOf(record) : marker) })}`,
    )
  })
  return records
}

function jsonOf({ offset, timestamp, key, value, headers }: RecordView): Facts {
  return {
    offset,
    timestamp,
    key: base64(key),
    value: base64(value),
    headers: headers.map(([name, bytes]) => [name, base64(bytes)]),
  }
}

function recordFacts({ offset, timestamp, key, value, headers }: RecordView, header: BatchHeader): Facts {
  return {
    offset,
    [timeName(header)]: timestamp,
    keySize: key?.length ?? -1,
    valueSize: value?.length ?? -1,
    sequence: sequenceAt(header, offset - header.baseOffset),
    headerKeys: `[${headers.map(([name]) => name).join(',')}]`,
  }
}

/** Key and value as text; null ones are left out, as Kafka does. */
function textsOf({ key, value }: RecordView): Facts {
  return {
    ...(key === null ? {} : { key: key.toString('utf8') }),
    ...(value === null ? {} : { payload: value.toString('utf8') }),
  }
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('base64')
}

function lineOf(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(' ')
}
