import { assert } from '../base/assert.ts'
import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import { compressionNames } from './batch-header.ts'
import { BlockFlaw } from './block-flaw.ts'
import type { Codec } from './codec.ts'
import { lz4 } from './lz4-codec.ts'
import { snappy } from './snappy-codec.ts'
import { gzip, zstd } from './zlib-codecs.ts'

/**
 * Compression of the records of a batch: everything behind the header is one block of the codec that the attributes name.
 *
 * A block of a few kilobytes can claim gigabytes. `max.message.bytes` bounds only what comes in, so what it becomes has a bound of
 * its own, which holds before and while memory is taken. Blocks are looked into behind the batch's checksum: LZ4 and snappy have
 * none of their own.
 */
export type CompressionName = (typeof compressionNames)[number]

export interface Compression {
  readonly codec: CompressionName
  /** As `compression.<codec>.level` of a topic; default: the codec's own. Snappy and LZ4 have one level only. */
  readonly level?: number | undefined
}

/** Four times the largest frame of the journal, and 64 times the largest batch that a producer of Kafka makes by default. */
export const defaultMaxContentBytes: number = 64 << 20

const codecs: readonly (Codec | null)[] = [null, gzip, snappy, lz4, zstd]

/** What stands in the attributes of a batch. */
export function compressionCode(codec: CompressionName): number {
  return compressionNames.indexOf(codec)
}

/** The block that stands for the records; it may be larger than they are. @throws CODEC_MISSING */
export function compressRecords(records: Uint8Array, { codec, level }: Compression): Uint8Array {
  const found = codecs[compressionCode(codec)]
  assert(found !== null && found !== undefined, `records are not compressed with ${codec}`)
  return found.compress(records, level)
}

/**
 * The records that a block stands for.
 * @throws CORRUPT_BATCH for a block that is not whole and intact; CONTENT_TOO_LARGE; CODEC_MISSING
 */
export function decompressRecords(block: Uint8Array, code: number, where: string, maxBytes: number): Uint8Array {
  const codec = codecs[code]
  assert(codec !== null && codec !== undefined, `compression ${code} has no codec`)
  try {
    const content = codec.decompress(block, maxBytes)
    if (content.length > maxBytes) throw new BlockFlaw('too large', `it becomes ${content.length} bytes`)
    return content
  } catch (cause) {
    throw refusal(cause, compressionNames[code]!, where, maxBytes)
  }
}

function refusal(cause: unknown, codec: CompressionName, where: string, maxBytes: number): Error {
  if (cause instanceof MillraceError) return cause
  const what = cause instanceof Error ? cause.message : String(cause)
  if (isTooLarge(cause)) {
    const expected = `at most ${maxBytes} bytes of records`
    return coreError('CONTENT_TOO_LARGE', { what: `a batch expands too far: ${what}`, where, expected, received: codec, cause })
  }
  return coreError('CORRUPT_BATCH', { what: `the ${codec} block cannot be read: ${what}`, where, cause })
}

function isTooLarge(cause: unknown): boolean {
  if (cause instanceof BlockFlaw) return cause.kind === 'too large'
  return cause instanceof RangeError && (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}
