import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchBuilder } from './batch-builder.ts'
import { BATCH_OVERHEAD_BYTES, baseOffsetOf, lastOffsetOf, leaderEpochOf, stampBatch } from './batch-header.ts'
import { forEachRecord, toRecords, type RecordView } from './batch-reader.ts'
import { checkBatch, forEachBatch, isBatchIntact } from './batch-validation.ts'
import { anyProducer, anyRecord, anyRecords, batchOf, bytesOf, type GivenRecord } from './records.fixtures.ts'

/** A record with its bytes as text, so that Buffer and Uint8Array compare. */
interface PlainRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex')
}

function plain({ offset, timestamp, key, value, headers }: RecordView): PlainRecord {
  const named = headers.map(([name, content]) => [name, hex(content)] as const)
  return { offset, timestamp, key: hex(key), value: hex(value), headers: named }
}

function asRead({ key, value, timestamp, headers }: GivenRecord, offset: number): PlainRecord {
  const named = headers.map(([name, content]) => [name.toWellFormed(), hex(content)] as const)
  return { offset, timestamp, key: hex(bytesOf(key)), value: hex(bytesOf(value)), headers: named }
}

test('records come back as they were given', () => {
  fc.assert(
    fc.property(
      anyRecords,
      fc.option(anyProducer, { nil: undefined }),
      fc.nat(2 ** 40),
      fc.nat(1000),
      (records, producer, base, epoch) => {
        const batch = batchOf(records, producer)
        stampBatch(batch, 0, base, epoch)
        const header = checkBatch(batch, 0, batch.length)
        expect(header).toMatchObject({
          baseOffset: base,
          leaderEpoch: epoch,
          count: records.length,
          lastOffsetDelta: records.length - 1,
          sizeBytes: batch.length,
          baseTimestamp: records[0]!.timestamp,
          maxTimestamp: Math.max(...records.map(({ timestamp }) => timestamp)),
          ...(producer ?? { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false }),
        })
        expect([baseOffsetOf(batch, 0), leaderEpochOf(batch, 0), lastOffsetOf(batch, 0)]).toEqual([
          base,
          epoch,
          base + records.length - 1,
        ])
        const expected = records.map((record, i) => asRead(record, base + i))
        expect(toRecords(batch).map(plain)).toEqual(expected)
        const visited: PlainRecord[] = []
        forEachRecord(batch, (record) => visited.push(plain(record)))
        expect(visited).toEqual(expected)
      },
    ),
  )
})

test('a plain Uint8Array in a larger buffer reads as a Buffer does', () => {
  fc.assert(
    fc.property(anyRecords, fc.nat(9), (records, at) => {
      const batch = batchOf(records)
      const around = new Uint8Array(batch.length + 20)
      around.set(batch, at)
      expect(toRecords(around.subarray(at, at + batch.length))).toEqual(toRecords(batch))
    }),
  )
})

test('a builder never goes over its bound, and takes all that fits', () => {
  fc.assert(
    fc.property(anyRecords, fc.nat(400), fc.nat(600), (records, room, initialBytes) => {
      const maxBytes = BATCH_OVERHEAD_BYTES + room
      const builder = new BatchBuilder({ maxBytes, initialBytes })
      const taken: GivenRecord[] = []
      for (const record of records) {
        const fits = batchOf([...taken, record]).length <= maxBytes
        const before = [builder.count, builder.sizeBytes, builder.maxTimestamp]
        const alone = batchOf([record]).length <= maxBytes
        const append = (): boolean => builder.append(record.key, record.value, record.timestamp, record.headers)
        if (!alone) expect(append).toThrow(/RECORD_TOO_LARGE/)
        else expect(append()).toBe(fits)
        if (fits && alone) taken.push(record)
        else expect([builder.count, builder.sizeBytes, builder.maxTimestamp]).toEqual(before)
      }
      if (taken.length > 0) expect(Buffer.from(builder.build())).toEqual(batchOf(taken))
    }),
  )
})

/** Base offset and leader epoch are the log's, outside the checksum. */
function isCovered(byte: number): boolean {
  return byte >= 16 || (byte >= 8 && byte < 12)
}

test('every flipped bit is seen, but for those of offset and epoch', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 3 }), fc.infiniteStream(fc.nat()), (records, random) => {
      const batch = batchOf(records)
      for (let byte = 0; byte < Math.min(batch.length, 200); byte++) {
        const bit = 1 << (random.next().value % 8)
        batch[byte]! ^= bit
        expect(isBatchIntact(batch, 0)).toBe(!isCovered(byte))
        if (isCovered(byte)) expect(() => checkBatch(batch, 0, batch.length)).toThrow(/CORRUPT_BATCH/)
        batch[byte]! ^= bit
      }
      expect(isBatchIntact(batch, 0)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('a batch that is cut off anywhere is seen', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 3 }), fc.nat(5), (records, at) => {
      const batch = batchOf(records)
      const bytes = Buffer.concat([Buffer.alloc(at), batch])
      for (let length = 0; length < Math.min(batch.length, 300); length++) {
        const cut = bytes.subarray(0, at + length)
        expect(isBatchIntact(cut, at)).toBe(false)
        expect(() => checkBatch(cut, at, batch.length)).toThrow(/CORRUPT_BATCH/)
      }
      expect(isBatchIntact(bytes, at)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('forEachBatch visits batches one behind the other, and refuses a rest', () => {
  fc.assert(
    fc.property(fc.array(anyRecords, { maxLength: 4 }), fc.integer({ min: 1, max: 70 }), (batches, rest) => {
      const built = batches.map((records) => batchOf(records))
      const seen: number[] = []
      forEachBatch(Buffer.concat(built), ({ count }, at) => seen.push(at, count))
      let at = 0
      expect(seen).toEqual(built.flatMap((batch, i) => [(at += batch.length) - batch.length, batches[i]!.length]))
      expect(() => forEachBatch(Buffer.concat([...built, Buffer.alloc(rest)]), () => {})).toThrow(/CORRUPT_BATCH/)
    }),
  )
})

/** Behind a checksum that fits stands what a wrong writer wrote: an error or records, never another exception, never a hang. */
test('reading records from bytes that are none ends with a typed error', () => {
  fc.assert(
    fc.property(anyRecords, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (records, changes) => {
      const batch = batchOf(records)
      for (const [at, byte] of changes) batch[BATCH_OVERHEAD_BYTES + (at % (batch.length - BATCH_OVERHEAD_BYTES))] = byte
      try {
        for (const { key, value } of toRecords(batch))
          expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThanOrEqual(batch.length)
      } catch (error) {
        expect(error).toMatchObject({
          name: 'MillraceError',
          code: expect.stringMatching(/CORRUPT_BATCH|NUMBER_OUT_OF_RANGE/) as string,
        })
      }
    }),
    { numRuns: 1000 },
  )
})
