import type { BatchBuilder, ProducerStamp } from '../../record/batch-builder.ts'
import { readBatchHeader, TRANSACTIONAL_BIT } from '../../record/batch-header.ts'
import { sealBatch } from '../../record/batch-seal.ts'

/** One record batch on its way. It can be built again, for another producer too, when nothing came of the first attempt. */
export class BatchPart {
  readonly count: number
  readonly sizeBytes: number
  private builder: BatchBuilder | null
  private bytes: Uint8Array | null = null

  constructor(builder: BatchBuilder) {
    this.builder = builder
    this.count = builder.count
    this.sizeBytes = builder.sizeBytes
  }

  /** The log owns the bytes until it has refused them. */
  build(producer?: ProducerStamp): Uint8Array {
    if (this.bytes !== null) sealAgain(this.bytes, producer ?? noProducer)
    this.bytes ??= this.builder!.build(producer)
    this.builder = null
    return this.bytes
  }
}

const noProducer: ProducerStamp = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false }

function sealAgain(batch: Uint8Array, { transactional, ...producer }: ProducerStamp): void {
  const { count, baseTimestamp, maxTimestamp } = readBatchHeader(batch, 0)
  sealBatch(batch, { attributes: transactional ? TRANSACTIONAL_BIT : 0, count, baseTimestamp, maxTimestamp, ...producer })
}
