import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import type { TopicId, TopicPartition } from '../base/ids.ts'
import { lastOffsetOf, magicOf, BATCH_OVERHEAD_BYTES, type BatchHeader } from '../record/batch-header.ts'
import { checkBatch } from '../record/batch-validation.ts'
import { readControlKind } from '../record/control-record.ts'
import { segmentBases } from '../storage/folder-files.ts'
import { decodeProducerSnapshot, type ProducerSnapshotEntry } from '../storage/producer-snapshot.ts'
import { segmentBatches } from '../storage/segment-batches.ts'
import { segmentPath } from '../storage/segment.ts'
import { TransactionIndex, type AbortedTransaction } from '../storage/transaction-index.ts'
import { TransactionReplay } from '../storage/transaction-replay.ts'
import { ProducerStates } from './producer-states.ts'

/** A partition as a stopped Kafka has left it, read and found whole. */
export interface KafkaPartition extends TopicPartition {
  readonly topicId: TopicId
  readonly startOffset: number
  readonly endOffset: number
  /** Those that hold anything, ascending; together they leave no offset out. */
  readonly segments: readonly KafkaSegment[]
  readonly epochs: readonly (readonly [epoch: number, startOffset: number])[]
  readonly producers: readonly ProducerSnapshotEntry[]
  /** Compaction has left offsets out below it. */
  readonly gapsBelow: number
  readonly records: number
  readonly bytes: number
  readonly maxProducerId: number
  /** Behind the last whole batch, where it was asked to cut them off. */
  readonly cutBytes: number
}

export interface KafkaSegment {
  readonly path: string
  /** Where the segment before it ends. Kafka's compaction may take the end of one, so that its own name lies above. */
  readonly baseOffset: number
  readonly logBytes: number
  readonly firstTimestamp: number
  readonly aborted: readonly AbortedTransaction[]
}

/** What stands elsewhere. */
export interface KnownOfPartition {
  readonly logStart: number
  /** Compaction may have left offsets out below it; elsewhere a hole is damage. */
  readonly cleanedTo: number
  /** What to do about a last segment that ends torn. */
  readonly torn: 'refuse' | 'cut'
}

/** The id in `partition.metadata`. @throws UNSUPPORTED_FORMAT */
function readTopicId(disk: Disk, folder: string): TopicId {
  const path = `${folder}/partition.metadata`
  const text = disk.stat(path)?.kind === 'file' ? Buffer.from(disk.readFile(path)).toString('utf8') : ''
  const id = /^version: 0\ntopic_id: ([\w-]{22})\s*$/.exec(text)?.[1]
  if (id !== undefined) return Buffer.from(id, 'base64url').toString('hex')
  throw coreError('UNSUPPORTED_FORMAT', {
    what: 'the folder does not say whose it is',
    where: path,
    expected: 'a topic id (Kafka 2.8)',
  })
}

/** Reads and checks all of it. @throws SEGMENT_DAMAGED, UNSUPPORTED_FORMAT (message format 0 and 1) */
export async function readKafkaPartition(
  disk: Disk,
  folder: string,
  place: TopicPartition,
  known: KnownOfPartition,
): Promise<KafkaPartition> {
  const topicId = readTopicId(disk, folder)
  const reader = new KafkaPartitionReader(disk, folder, known)
  await reader.run()
  return { ...place, topicId, ...reader.result() }
}

class KafkaPartitionReader {
  private readonly disk: Disk
  private readonly folder: string
  private readonly known: KnownOfPartition
  private readonly segments: KafkaSegment[] = []
  private readonly epochs: (readonly [number, number])[] = []
  private readonly transactions = new TransactionReplay()
  private readonly states = new ProducerStates()
  private start = 0
  private next = 0
  private gapsBelow = 0
  private records = 0
  private bytes = 0
  private maxProducerId = -1
  private cutBytes = 0

  constructor(disk: Disk, folder: string, known: KnownOfPartition) {
    this.disk = disk
    this.folder = folder
    this.known = known
  }

  async run(): Promise<void> {
    const { logStart } = this.known
    const all = segmentBases(this.disk, this.folder)
    const bases = all.filter((_, index) => (all[index + 1] ?? Infinity) > logStart)
    this.start = Math.max(logStart, bases[0] ?? 0)
    this.next = bases[0] ?? logStart
    for (const base of bases) {
      if (this.cutBytes > 0) throw this.damaged(segmentPath(this.folder, base, 'log'), 0, 'a segment follows one that ends torn')
      await this.readSegment(base, base === bases.at(-1))
    }
    this.next = Math.max(this.next, this.start)
  }

  result(): Omit<KafkaPartition, 'topic' | 'partition' | 'topicId'> {
    const { segments, epochs, gapsBelow, records, bytes, maxProducerId, cutBytes } = this
    const producers = this.readProducers()
    return {
      startOffset: this.start,
      endOffset: this.next,
      segments,
      epochs,
      producers,
      gapsBelow,
      records,
      bytes,
      maxProducerId: producers.reduce((most, { producerId }) => Math.max(most, producerId), maxProducerId),
      cutBytes,
    }
  }

  private async readSegment(kafkaBase: number, isLast: boolean): Promise<void> {
    const path = segmentPath(this.folder, kafkaBase, 'log')
    const { sizeBytes } = this.disk.stat(path)!
    if (kafkaBase < this.next) throw this.damaged(path, 0, `offset ${kafkaBase} follows ${this.next - 1}`)
    const baseOffset = this.next
    if (kafkaBase > baseOffset) this.gapsBelow = kafkaBase
    const aborted: AbortedOfSegment = { indexed: this.indexedAborted(kafkaBase), found: [] }
    const file = this.disk.open(path)
    let logBytes = 0
    let firstTimestamp = -1
    try {
      for await (const { position, bytes } of segmentBatches(file, sizeBytes)) {
        const header = this.headerOf(path, position, bytes, isLast)
        if (header === null) break
        if (logBytes === 0) firstTimestamp = header.maxTimestamp
        this.take(header, bytes, aborted)
        logBytes += bytes.length
      }
    } finally {
      file.close()
    }
    if (isLast) this.cutBytes = sizeBytes - logBytes
    // The end of one that compaction has emptied is known only where the next one begins.
    if (logBytes > 0) this.segments.push({ path, baseOffset, logBytes, firstTimestamp, aborted: aborted.found })
    else this.next = Math.max(this.next, isLast ? kafkaBase : this.next)
  }

  /** Null where the segment ends torn and may be cut there. */
  private headerOf(path: string, position: number, bytes: Buffer, isLast: boolean): BatchHeader | null {
    if (
      bytes.length > 16 &&
      bytes.length >= Math.min(BATCH_OVERHEAD_BYTES, 17) &&
      (magicOf(bytes, 0) === 0 || magicOf(bytes, 0) === 1) &&
      bytes.readInt32BE(8) > 0
    )
      throw coreError('UNSUPPORTED_FORMAT', {
        what: 'a segment has messages of a format before Kafka 0.11',
        where: `${path}, byte ${position}`,
        expected: 'record batches, format 2',
        received: `format ${magicOf(bytes, 0)}`,
      })
    try {
      const header = checkBatch(bytes, 0, bytes.length)
      if (header.baseOffset < this.next || (header.baseOffset > this.next && header.baseOffset > this.known.cleanedTo))
        throw this.damaged(path, position, `offset ${header.baseOffset} follows ${this.next - 1}`)
      return header
    } catch (cause) {
      if (isLast && this.known.torn === 'cut') return null
      throw this.damaged(path, position, 'a batch is damaged', cause)
    }
  }

  private take(header: BatchHeader, bytes: Uint8Array, aborted: AbortedOfSegment): void {
    const { baseOffset, leaderEpoch, producerId, count } = header
    if (baseOffset > this.next) this.gapsBelow = baseOffset
    if (this.epochs.at(-1)?.[0] !== leaderEpoch) this.epochs.push([leaderEpoch, baseOffset])
    this.next = lastOffsetOf(bytes, 0) + 1
    this.records += header.control ? 0 : count
    this.bytes += bytes.length
    this.maxProducerId = Math.max(this.maxProducerId, producerId)
    this.states.apply(header, bytes)
    const ended = this.transactions.add(bytes)
    if (header.control && readControlKind(bytes) === 'abort') this.takeAbort(header, ended, aborted)
  }

  /** What Kafka's index says counts where the transaction began before what is left of it here. */
  private takeAbort(
    { baseOffset, producerId }: BatchHeader,
    ended: AbortedTransaction | null,
    { indexed, found }: AbortedOfSegment,
  ): void {
    const known = indexed.get(baseOffset)
    const isEarlier =
      known?.producerId === producerId && known.firstOffset >= 0 && known.firstOffset <= (ended?.firstOffset ?? baseOffset)
    const one = isEarlier ? known : ended
    if (one !== null && one !== undefined) found.push(one)
  }

  /** Of transactions whose beginning is gone only Kafka's index knows. */
  private indexedAborted(kafkaBase: number): ReadonlyMap<number, AbortedTransaction> {
    const path = segmentPath(this.folder, kafkaBase, 'txnindex')
    if (this.disk.stat(path)?.kind !== 'file') return new Map()
    const content = this.disk.readFile(path)
    const whole = content.subarray(0, content.length - (content.length % 34))
    return new Map([...new TransactionIndex(whole)].map((one) => [one.lastOffset, one]))
  }

  /** As Kafka left them at its stop; after another end what the batches tell. */
  private readProducers(): readonly ProducerSnapshotEntry[] {
    const path = segmentPath(this.folder, this.next, 'snapshot')
    if (this.disk.stat(path)?.kind !== 'file') return this.states.snapshot()
    return decodeProducerSnapshot(this.disk.readFile(path), path)
  }

  private damaged(path: string, position: number, what: string, cause?: unknown): Error {
    return coreError('SEGMENT_DAMAGED', { what, where: `${path}, byte ${position}`, cause })
  }
}

interface AbortedOfSegment {
  /** What Kafka's index says, by the offset of the marker. */
  readonly indexed: ReadonlyMap<number, AbortedTransaction>
  readonly found: AbortedTransaction[]
}
