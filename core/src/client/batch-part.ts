import type { Clock } from '../base/clock.ts'
import type { BatchBuilder, ProducerStamp } from '../record/batch-builder.ts'
import { APPEND_TIME_BIT, readBatchHeader, TRANSACTIONAL_BIT } from '../record/batch-header.ts'
import { sealBatch } from '../record/batch-seal.ts'

/** One record batch on its way. It can be built again, for another producer too, when nothing came of the first attempt. */
export class BatchPart {
  readonly count: number
  /** Of the batch as it is written. */
  readonly sizeBytes: number
  private readonly appendClock: Clock | null
  private builder: BatchBuilder | null
  private bytes: Uint8Array | null = null

  /** With `appendClock` its time is the time of every record. What is compressed is built now: only then its size is known. */
  constructor(builder: BatchBuilder, appendClock: Clock | null) {
    this.appendClock = appendClock
    this.count = builder.count
    this.bytes = builder.isCompressing ? builder.build() : null
    this.builder = this.bytes === null ? builder : null
    this.sizeBytes = this.bytes?.length ?? builder.sizeBytes
  }

  /** The log owns the bytes until it has refused them. */
  build(producer: ProducerStamp = noProducer): Uint8Array {
    const appendTime = this.appendClock?.now() ?? null
    if (this.bytes !== null) sealAgain(this.bytes, producer, appendTime)
    this.bytes ??= this.builder!.build(producer, appendTime)
    this.builder = null
    return this.bytes
  }
}

const noProducer: ProducerStamp = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false }

function sealAgain(batch: Uint8Array, { transactional, ...producer }: ProducerStamp, appendTime: number | null): void {
  const { compression, count, baseTimestamp, maxTimestamp } = readBatchHeader(batch, 0)
  const attributes = compression | (transactional ? TRANSACTIONAL_BIT : 0) | (appendTime === null ? 0 : APPEND_TIME_BIT)
  sealBatch(batch, { attributes, count, baseTimestamp, maxTimestamp: appendTime ?? maxTimestamp, ...producer })
}
