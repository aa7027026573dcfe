import type { Bytes, Header } from '../../base/bytes.ts'
import type { BatchTerms } from '../../broker/batch-terms.ts'
import type { Partition } from '../../broker/partition.ts'
import { isSuspect, recordFlaw, recordRules, type RecordRules } from '../../broker/record-rules.ts'
import { topicCompression } from '../../broker/topic-compression.ts'
import { PartedBatch, type SizeHint } from '../parted-batch.ts'

/** Record batches are closed at this size, so that a reader never has to fetch much more than it wants. */
const targetBytes = 64 * 1024

/** A batch for a partition in this process: what the topic asks of records is checked as they come. */
export class EmbeddedBatch extends PartedBatch {
  readonly log: Partition
  private readonly terms: BatchTerms
  private rules: RecordRules

  constructor(owner: object, log: Partition, terms: BatchTerms, hint: SizeHint) {
    const { settings, clock, maxBytes } = terms
    const compression = topicCompression(settings) ?? terms.compression
    const appendClock = settings.timestampType === 'LogAppendTime' ? clock : null
    super(owner, log, { targetBytes, maxBytes, compression, appendClock }, hint)
    this.log = log
    this.terms = terms
    this.rules = recordRules(settings, clock.now())
  }

  override append(key: Bytes, value: Bytes, timestamp: number, headers?: readonly Header[]): void {
    this.assertTakes()
    if (isSuspect(this.rules, key, timestamp)) this.checkRecord(key, timestamp)
    super.append(key, value, timestamp, headers)
  }

  /** By the time that it is now: the batch may have been begun long ago. */
  private checkRecord(key: Bytes, timestamp: number): void {
    const { settings, clock } = this.terms
    this.rules = recordRules(settings, clock.now())
    const flaw = recordFlaw(this.rules, { key, timestamp }, this.log.name, this.count)
    if (flaw !== null) throw flaw
  }
}
