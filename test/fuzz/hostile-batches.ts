import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { BatchBuilder, crc32c } from '@millrace/core/testing'
import type { Draws } from './draws.ts'

/**
 * Record batches as nobody should send them: one thing is wrong in each, and what stands before it is right, the checksum too where the
 * flaw lies behind it.
 */

const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_DELTA_AT = 23
const PRODUCER_AT = 43
const COUNT_AT = 57
const RECORDS_AT = 61

const boldInt32 = [-1, 0, 1, 2, 255, 65_536, 2 ** 31 - 1, -(2 ** 31)]

export function plainBatch(draws: Draws, records: number = 1 + draws.below(3)): Buffer {
  const builder = new BatchBuilder()
  for (let at = 0; at < records; at++)
    builder.append(draws.chance(0.5) ? `k${draws.below(9)}` : null, `v${draws.below(1000)}`, 1_000 + at)
  return Buffer.from(builder.build())
}

function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}

/** A batch whose records are these bytes, said to be compressed so. */
function holding(block: Uint8Array, attributes: number, count = 1): Buffer {
  const batch = Buffer.concat([Buffer.alloc(RECORDS_AT), block])
  batch.writeInt32BE(batch.length - 12, LENGTH_AT)
  batch[MAGIC_AT] = 2
  batch.writeInt16BE(attributes, ATTRIBUTES_AT)
  batch.writeInt32BE(count - 1, LAST_DELTA_AT)
  batch.fill(0xff, PRODUCER_AT, COUNT_AT)
  batch.writeInt32BE(count, COUNT_AT)
  return sealed(batch)
}

const zeros = Buffer.alloc(64 << 20)

/** Small blocks that become very large ones. */
const bombs: readonly Buffer[] = [
  holding(gzipSync(zeros), 1),
  holding(Buffer.concat([Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), deflateRawSync(zeros)]), 1, 1000),
  holding(Buffer.of(0xff, 0xff, 0xff, 0xff, 0x07, 0xfe, 0, 0), 2),
  holding(Buffer.concat([Buffer.from('04224d186c40ffffffffffff7f00', 'hex'), Buffer.alloc(64)]), 3),
  holding(zstdCompressSync(zeros), 4),
]

type Flaw = (draws: Draws) => Buffer

const flaws: readonly Flaw[] = [
  function checksum(draws) {
    const batch = plainBatch(draws)
    batch[CRC_AT + draws.below(4)]! ^= 1 + draws.below(255)
    return batch
  },
  function length(draws) {
    const batch = plainBatch(draws)
    batch.writeInt32BE(draws.chance(0.5) ? draws.pick(boldInt32) : batch.length - 12 + draws.below(9) - 4, LENGTH_AT)
    return batch
  },
  function lastOffsetDelta(draws) {
    const batch = plainBatch(draws)
    batch.writeInt32BE(draws.pick(boldInt32), LAST_DELTA_AT)
    return sealed(batch)
  },
  function count(draws) {
    const batch = plainBatch(draws)
    batch.writeInt32BE(draws.pick(boldInt32), COUNT_AT)
    if (draws.chance(0.5)) batch.writeInt32BE((batch.readInt32BE(COUNT_AT) - 1) | 0, LAST_DELTA_AT)
    return sealed(batch)
  },
  function control(draws) {
    const batch = plainBatch(draws)
    batch[ATTRIBUTES_AT + 1]! |= draws.pick([0x20, 0x30, 0x10, 0x08])
    return sealed(batch)
  },
  function format(draws) {
    const batch = plainBatch(draws)
    batch[MAGIC_AT] = draws.pick([0, 1, 3, 127, 255])
    return batch
  },
  function producer(draws) {
    const batch = plainBatch(draws)
    batch.writeInt32BE(draws.pick(boldInt32), PRODUCER_AT)
    batch.writeInt32BE(draws.pick(boldInt32), PRODUCER_AT + 4)
    batch.writeInt16BE(draws.pick([-1, 0, 1, 0x7fff]), PRODUCER_AT + 8)
    batch.writeInt32BE(draws.pick(boldInt32), PRODUCER_AT + 10)
    return sealed(batch)
  },
  function times(draws) {
    const batch = plainBatch(draws)
    batch.writeInt32BE(draws.pick(boldInt32), draws.pick([27, 31, 35, 39]))
    return sealed(batch)
  },
  function compressionOfPlain(draws) {
    const batch = plainBatch(draws)
    batch[ATTRIBUTES_AT + 1] = 1 + draws.below(7)
    return sealed(batch)
  },
  function records(draws) {
    const batch = plainBatch(draws, 3)
    for (let changes = 1 + draws.below(3); changes > 0; changes--)
      batch[RECORDS_AT + draws.below(batch.length - RECORDS_AT)] = draws.pick([0, 1, 0x7f, 0x80, 0xff, draws.below(256)])
    return sealed(batch)
  },
  function end(draws) {
    const batch = plainBatch(draws)
    return batch.subarray(0, draws.below(batch.length))
  },
  function several(draws) {
    return Buffer.concat([plainBatch(draws), plainBatch(draws)])
  },
  function nothing() {
    return Buffer.alloc(0)
  },
]

export function hostileBatch(draws: Draws): Buffer {
  return draws.chance(0.002) ? draws.pick(bombs) : draws.pick(flaws)(draws)
}
