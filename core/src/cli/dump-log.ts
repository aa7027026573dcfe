import { parseArgs } from 'node:util'
import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import { compressionNames, readBatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import { readControlKind } from '../record/control-record.ts'
import { decodeProducerSnapshot } from '../storage/producer-snapshot.ts'
import { segmentBatches } from '../storage/segment-batches.ts'
import { UsageError, type Command } from './command.ts'

/** Prints what stands in segment, index and snapshot files, a line each, with the names that Kafka's own tool uses. */
export const dumpLog: Command = {
  name: 'dump-log',
  about: 'print the batches, entries or producers of segment, index and snapshot files',
  usage: 'millrace dump-log --files FILE[,FILE…] [--print-data-log]',
  async run(args, { world: { disk }, out }) {
    const { values } = parseArgs({
      args: [...args],
      options: { files: { type: 'string' }, 'print-data-log': { type: 'boolean' } },
    })
    if (values.files === undefined) throw new UsageError('--files is missing')
    let intact = true
    for (const path of values.files.split(',')) {
      if (disk.stat(path)?.kind !== 'file') throw coreError('NOT_A_FILE', { what: 'there is no such file', where: path })
      out(`Dumping ${path}`)
      intact = (await dump(disk, path, values['print-data-log'] === true, out)) && intact
    }
    return intact ? 0 : 1
  },
}

type Out = (line: string) => void

async function dump(disk: Disk, path: string, withData: boolean, out: Out): Promise<boolean> {
  const base = Number(path.split('/').at(-1)!.slice(0, 20))
  if (path.endsWith('.log')) return dumpSegment(disk, path, withData, out)
  if (path.endsWith('.index')) dumpOffsetIndex(Buffer.from(disk.readFile(path)), base, out)
  else if (path.endsWith('.timeindex')) dumpTimeIndex(Buffer.from(disk.readFile(path)), base, out)
  else if (path.endsWith('.snapshot')) dumpSnapshot(disk.readFile(path), path, out)
  else throw new UsageError(`${path}: only .log, .index, .timeindex and .snapshot files are known`)
  return true
}

async function dumpSegment(disk: Disk, path: string, withData: boolean, out: Out): Promise<boolean> {
  const file = disk.open(path)
  let intact = true
  try {
    for await (const { position, bytes } of segmentBatches(file, disk.stat(path)!.sizeBytes)) {
      const isValid = isBatchIntact(bytes, 0)
      intact &&= isValid
      out(isValid ? batchLine(bytes, position) : `position: ${position} isvalid: false`)
      if (isValid && withData) dumpRecords(bytes, out)
    }
  } finally {
    file.close()
  }
  return intact
}

function batchLine(bytes: Uint8Array, position: number): string {
  const header = readBatchHeader(bytes, 0)
  const facts = {
    baseOffset: header.baseOffset,
    lastOffset: header.baseOffset + header.lastOffsetDelta,
    count: header.count,
    baseSequence: header.baseSequence,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    partitionLeaderEpoch: header.leaderEpoch,
    isTransactional: header.transactional,
    isControl: header.control,
    position,
    maxTimestamp: header.maxTimestamp,
    size: header.sizeBytes,
    compresscodec: compressionNames[header.compression],
    crc: header.crc,
    isvalid: true,
  }
  return lineOf(facts)
}

function dumpRecords(bytes: Uint8Array, out: Out): void {
  const kind = readControlKind(bytes)
  const timeName = readBatchHeader(bytes, 0).timestampType === 'append' ? 'LogAppendTime' : 'CreateTime'
  forEachRecord(bytes, ({ offset, timestamp, key, value, headers }) => {
    const facts = {
      offset,
      [timeName]: timestamp,
      keySize: key?.length ?? -1,
      valueSize: value?.length ?? -1,
      headerKeys: `[${headers.map(([name]) => name).join(',')}]`,
    }
    const data = kind === null ? ` key: ${textOf(key)} payload: ${textOf(value)}` : ` endTxnMarker: ${kind.toUpperCase()}`
    out(`| ${lineOf(facts)}${data}`)
  })
}

function lineOf(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(' ')
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString('utf8')
}

function dumpOffsetIndex(bytes: Buffer, base: number, out: Out): void {
  for (let at = 0; at + 8 <= bytes.length; at += 8)
    out(`offset: ${base + bytes.readInt32BE(at)} position: ${bytes.readInt32BE(at + 4)}`)
}

function dumpTimeIndex(bytes: Buffer, base: number, out: Out): void {
  for (let at = 0; at + 12 <= bytes.length; at += 12)
    out(`timestamp: ${bytes.readBigInt64BE(at)} offset: ${base + bytes.readInt32BE(at + 8)}`)
}

function dumpSnapshot(content: Uint8Array, path: string, out: Out): void {
  for (const producer of decodeProducerSnapshot(content, path)) out(lineOf({ ...producer }))
}
