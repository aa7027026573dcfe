import fc from 'fast-check'
import { expect } from 'vitest'
import { AbortedFilter } from '../client/embedded/aborted-filter.ts'
import { readProducers } from '../log/checkpoint-partition.ts'
import { PartitionLog } from '../log/partition-log.ts'
import { ProducerStates } from '../log/producer-states.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { lastOffsetOf, readBatchHeader, stampBatch, type BatchHeader } from '../record/batch-header.ts'
import { toRecords, type RecordObject } from '../record/batch-reader.ts'
import { checkBatch } from '../record/batch-validation.ts'
import type { CompressionName } from '../record/compression.ts'
import { buildEndMarker, readControlKind } from '../record/control-record.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import type { LastOfProducer } from '../storage/clean-batch.ts'
import { compactFolder, type CompactionResult } from '../storage/compaction.ts'
import { dirtiness } from '../storage/dirtiness.ts'
import { folderPlace } from '../storage/partition-folder.fixtures.ts'
import { PartitionFolder, type FolderMark } from '../storage/partition-folder.ts'
import type { AbortedTransaction } from '../storage/transaction-index.ts'

/** A partition that is written, compacted and read, beside all that was ever written to it. */
export type Step =
  | {
      readonly kind: 'data'
      /** 0: without a producer; 1, 2: idempotent; 3 to 5: transactional. */
      readonly by: number
      readonly records: readonly (readonly [key: number | null, value: number | null])[]
      readonly codec: CompressionName
    }
  | { readonly kind: 'end'; readonly by: number; readonly how: 'commit' | 'abort'; readonly raisesEpoch: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'compact'; readonly keysAtMost: number }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'reopen' }

const transactional = [3, 4, 5]

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      by: fc.constantFrom(0, 0, 1, 2, ...transactional),
      records: fc.array(
        fc.tuple(fc.option(fc.nat(4), { nil: null, freq: 20 }), fc.option(fc.nat(1000), { nil: null, freq: 3 })),
        { minLength: 1, maxLength: 4 },
      ),
      codec: fc.constantFrom<CompressionName[]>('none', 'none', 'none', 'gzip', 'zstd'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      by: fc.constantFrom(...transactional),
      how: fc.constantFrom('commit' as const, 'abort' as const),
      raisesEpoch: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(retention() * 2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('compact' as const), keysAtMost: fc.constantFrom(1, 2, 3, 100, 100) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
)

export function retention(): number {
  return 1000
}

/** A batch as it was written. */
export interface Written {
  readonly header: BatchHeader
  readonly bytes: Uint8Array
  readonly lastOffset: number
  readonly records: readonly RecordObject[]
  readonly aborts: readonly AbortedTransaction[]
  /** Of the transaction, once it is decided. */
  fate: 'plain' | 'open' | 'committed' | 'aborted'
  /** Of the transaction that it belongs to or ends: its first offset. */
  transaction: number | null
}

export interface Pass {
  readonly now: number
  readonly latestOffset: number
  /** Everything below it was gone through. */
  readonly coveredTo: number
  /** Base offsets that were there before. */
  readonly before: ReadonlySet<number>
}

export interface Promised {
  readonly mark: FolderMark | null
  readonly markEnd: number
  readonly gapsBelow: number
  readonly cleanedTo: number
  readonly written: number
}

interface ProducerModel {
  epoch: number
  sequence: number
  open: number | null
}

const path = '/t-0'
const topicId = '00'.repeat(16)

export class CompactionHistory {
  readonly written: Written[] = []
  readonly passes: Pass[] = []
  gapsBelow = 0
  cleanedTo = 0
  folder: PartitionFolder
  private readonly world: SimWorld
  private readonly segmentBytes: number
  private readonly producers = new Map<number, ProducerModel>()
  private mark: FolderMark | null = null
  private markEnd = 0
  end = 0

  constructor(world: SimWorld, segmentBytes: number) {
    this.world = world
    this.segmentBytes = segmentBytes
    this.folder = new PartitionFolder(folderPlace(world.disk, path, topicId), this.options)
  }

  private get options(): ConstructorParameters<typeof PartitionFolder>[1] {
    const { segmentBytes } = this
    return { segmentBytes, segmentMs: Infinity, segmentJitterMs: 0, segmentIndexBytes: 1 << 20, indexIntervalBytes: 100 }
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'data') await this.append(step)
    else if (step.kind === 'end') await this.endTransaction(step)
    else if (step.kind === 'wait') this.world.clock.jump(step.ms)
    else if (step.kind === 'compact') await this.compact(step.keysAtMost)
    else if (step.kind === 'checkpoint') await this.checkpoint()
    else await this.reopen()
  }

  private producer(id: number): ProducerModel {
    let found = this.producers.get(id)
    if (found === undefined) this.producers.set(id, (found = { epoch: 0, sequence: 0, open: null }))
    return found
  }

  private async append({ by, records, codec }: Extract<Step, { kind: 'data' }>): Promise<void> {
    const builder = new BatchBuilder({ maxBytes: 1 << 20, compression: { codec } })
    const now = this.world.clock.now()
    for (const [index, [key, value]] of records.entries())
      builder.append(key === null ? null : `k${key}`, value === null ? null : `v${value}`, now + index, [['h', null]])
    const isTransactional = transactional.includes(by)
    const model = by === 0 ? null : this.producer(by)
    const stamp = model === null ? undefined : { producerId: by, producerEpoch: model.epoch, baseSequence: model.sequence }
    const batch = builder.build(stamp === undefined ? undefined : { ...stamp, transactional: isTransactional })
    if (model !== null) model.sequence += records.length
    if (model !== null && isTransactional) model.open ??= this.end
    await this.write(batch, isTransactional ? 'open' : 'plain', isTransactional ? model!.open : null, [])
  }

  private async endTransaction({ by, how, raisesEpoch }: Extract<Step, { kind: 'end' }>): Promise<void> {
    const model = this.producers.get(by)
    if (model === undefined) return
    if (raisesEpoch) {
      model.epoch++
      model.sequence = 0
    }
    const { open } = model
    model.open = null
    const stamp = { producerId: by, producerEpoch: model.epoch, coordinatorEpoch: 0 }
    const marker = buildEndMarker({ kind: how, ...stamp, timestamp: this.world.clock.now() })
    this.decide(by, open, how)
    const lastStableOffset = this.firstOpen ?? this.end + 1
    const aborted = { producerId: by, firstOffset: open!, lastOffset: this.end, lastStableOffset }
    await this.write(marker, 'plain', open, open !== null && how === 'abort' ? [aborted] : [])
  }

  private async write(
    bytes: Uint8Array,
    fate: Written['fate'],
    transaction: number | null,
    aborts: readonly AbortedTransaction[],
  ): Promise<void> {
    stampBatch(bytes, 0, this.end, 7)
    const header = readBatchHeader(bytes, 0)
    const lastOffset = this.end + header.lastOffsetDelta
    this.written.push({ header, bytes, lastOffset, records: toRecords(bytes), aborts, fate, transaction })
    this.end = lastOffset + 1
    await this.folder.append([bytes], aborts)
  }

  /** What must survive a crash now. */
  get promise(): Promised {
    const { mark, markEnd, gapsBelow, cleanedTo, written } = this
    return { mark, markEnd, gapsBelow, cleanedTo, written: written.length }
  }

  /** This partition as it is opened after a crash. What was compacted by whom is not known any more. */
  async after(world: SimWorld, { mark, markEnd, gapsBelow, cleanedTo, written }: Promised): Promise<CompactionHistory> {
    const next = new CompactionHistory(world, this.segmentBytes)
    Object.assign(next, { mark, markEnd, gapsBelow, cleanedTo })
    for (const one of this.written.slice(0, written)) next.remember({ ...one })
    await next.recover()
    return next
  }

  /** What was decided about transactions, as far as it has been written again. */
  private remember(one: Written): void {
    const { header, bytes, lastOffset } = one
    this.written.push(one)
    this.end = lastOffset + 1
    if (header.producerId < 0) return
    const model = this.producer(header.producerId)
    if (header.control) {
      this.decide(header.producerId, one.transaction, readControlKind(bytes)!)
      model.open = null
    } else if (header.transactional) {
      one.fate = 'open'
      model.open = one.transaction
    }
  }

  private decide(by: number, transaction: number | null, how: 'commit' | 'abort'): void {
    if (transaction === null) return
    for (const one of this.written)
      if (one.transaction === transaction && one.header.producerId === by && !one.header.control)
        one.fate = how === 'abort' ? 'aborted' : 'committed'
  }

  private get firstOpen(): number | undefined {
    const open = [...this.producers.values()].flatMap((one) => (one.open === null ? [] : [one.open]))
    return open.length === 0 ? undefined : Math.min(...open)
  }

  get lastStableOffset(): number {
    return this.firstOpen ?? this.end
  }

  async checkpoint(): Promise<void> {
    const mark = await this.folder.checkpoint()
    this.world.disk.syncFolder('/') // where the folder's own name stands
    this.mark = mark
    this.markEnd = this.end
  }

  /** As after a crash: what the last checkpoint has not is written again, as from the journal. */
  async reopen(): Promise<void> {
    this.folder.close()
    await this.recover()
  }

  async recover(): Promise<void> {
    const { disk } = this.world
    this.folder =
      this.mark === null
        ? new PartitionFolder(folderPlace(disk, path, topicId), this.options)
        : PartitionFolder.open(folderPlace(disk, path, topicId), this.options, this.mark, {
            startOffset: 0,
            endOffset: this.markEnd,
            isClean: false,
          })
    for (const one of this.written)
      if (one.header.baseOffset >= this.folder.endOffset) await this.folder.append([one.bytes], one.aborts)
  }

  /** What the log would know of its producers. */
  get lastOfProducers(): ReadonlyMap<number, LastOfProducer> {
    const last = new Map<number, LastOfProducer>()
    for (const { header, lastOffset } of this.written) {
      const { producerId, producerEpoch, control } = header
      if (producerId < 0) continue
      const known = last.get(producerId)
      const isSame = known?.kind === 'data' && this.epochs.get(producerId) === producerEpoch
      if (!control) last.set(producerId, { kind: 'data', lastOffset })
      else if (!isSame) last.set(producerId, { kind: 'marker', producerEpoch })
      this.epochs.set(producerId, producerEpoch)
    }
    return last
  }

  private readonly epochs = new Map<number, number>()
  /** Those that are being read. */
  private readonly logs = new Set<PartitionLog>()

  async compact(keysAtMost: number, isCancelled: () => boolean = () => false): Promise<CompactionResult | null> {
    await this.checkpoint()
    if (this.mark === null) return null
    const range = {
      startOffset: 0,
      cleanedTo: this.cleanedTo,
      lastStableOffset: this.lastStableOffset,
      checkpointedOffset: this.mark.active.baseOffset,
    }
    const producers = this.replayed.lastOfEach()
    expect(producers).toEqual(this.lastOfProducers)
    const now = this.world.clock.now()
    const lags = { minCompactionLagMs: 0, maxCompactionLagMs: Infinity, minCleanableDirtyRatio: 0 }
    const { firstUncleanable } = await dirtiness(this.folder, range, now, lags)
    const complete = this.folder.completeSegments().filter(({ endOffset }) => endOffset <= firstUncleanable)
    const before = new Set((await this.readAll()).map(({ header }) => header.baseOffset))
    const result = await compactFolder(this.folder, this.world.clock, {
      ...range,
      firstUncleanable,
      gapsBelow: this.gapsBelow,
      deleteRetentionMs: retention(),
      mapBytes: Math.ceil((keysAtMost + 1) / 0.9) * 24,
      producers,
      abortedTransactions: (from, to) => this.folder.abortedTransactions(from, to),
      beforeSwap: (gapsBelow) => {
        this.gapsBelow = gapsBelow
        for (const log of this.logs) log.gapsBelow = gapsBelow
        return Promise.resolve()
      },
      exclusively: (work) => work(),
      isCancelled,
    })
    if (result.cancelled) return result
    expect(result.endOffset).toBeGreaterThanOrEqual(this.cleanedTo)
    expect(result.endOffset).toBeLessThanOrEqual(firstUncleanable)
    if (firstUncleanable > this.cleanedTo) expect(result.endOffset).toBeGreaterThan(this.cleanedTo)
    this.cleanedTo = result.endOffset
    const covered = complete.filter(({ segment }) => segment.baseOffset < result.endOffset)
    this.passes.push({ now, latestOffset: result.endOffset - 1, coveredTo: covered.at(-1)?.endOffset ?? 0, before })
    return result
  }

  private get log(): PartitionLog {
    const log = new PartitionLog('t', 0, topicId, this.folder, 0, new ProducerStates(), false)
    log.gapsBelow = this.gapsBelow
    this.logs.add(log)
    return log
  }

  /** All batches, as a reader finds them; each checked. */
  async readAll(): Promise<readonly Found[]> {
    const { log } = this
    const found: Found[] = []
    for (let offset = 0; offset < this.end;) {
      for (const bytes of await log.read(offset, this.end, 300)) {
        const header = checkBatch(bytes, 0, bytes.length)
        found.push({ header, bytes, records: toRecords(bytes) })
        offset = header.baseOffset + header.lastOffsetDelta + 1
      }
    }
    return found
  }

  /** The committed records below the last stable offset, read in small steps. */
  async readCommitted(): Promise<readonly RecordObject[]> {
    const { log } = this
    const records: RecordObject[] = []
    for (let offset = 0; offset < this.lastStableOffset;) {
      const from = offset
      const { batches, aborted } = await log.whileSegmentsStay(() => this.readSome(log, from))
      for (const bytes of batches) {
        const header = checkBatch(bytes, 0, bytes.length)
        offset = header.baseOffset + header.lastOffsetDelta + 1
        if (!header.control && !aborted.hides(header)) records.push(...toRecords(bytes))
      }
    }
    return records
  }

  private async readSome(
    log: PartitionLog,
    from: number,
  ): Promise<{ readonly batches: readonly Uint8Array[]; readonly aborted: AbortedFilter }> {
    const batches = await log.read(from, this.lastStableOffset, 300)
    const end = lastOffsetOf(batches.at(-1)!, 0) + 1
    return { batches, aborted: new AbortedFilter(await this.folder.abortedTransactions(from, end)) }
  }

  /** What the table of a reader would be who read everything. */
  get table(): ReadonlyMap<string, string> {
    const committed = this.written.filter(({ fate, header }) => fate !== 'aborted' && fate !== 'open' && !header.control)
    return tableOf(committed.flatMap(({ records }) => records).filter(({ offset }) => offset < this.lastStableOffset))
  }

  /** The producers as a recovery finds them that has lost its snapshot. */
  replayedProducers(): readonly unknown[] {
    return essence(
      readProducers(this.world.disk, path, {
        topic: 't',
        partition: 0,
        topicId,
        startOffset: 0,
        recoveryOffset: this.end,
        producers: true,
        folder: this.mark!,
        gapsBelow: this.gapsBelow,
      }),
    )
  }

  originalProducers(): readonly unknown[] {
    return essence(this.replayed)
  }

  private get replayed(): ProducerStates {
    const states = new ProducerStates()
    for (const { header, bytes } of this.written) states.apply(header, bytes)
    return states
  }
}

/** What a producer's next batch is judged by. */
function essence(states: ProducerStates): readonly unknown[] {
  const entries = states.snapshot().map(({ producerId, epoch, lastSequence, transactionFirstOffset: first }) => {
    return { producerId, epoch, lastSequence, first }
  })
  return entries.sort((a, b) => a.producerId - b.producerId)
}

export interface Found {
  readonly header: BatchHeader
  readonly bytes: Uint8Array
  readonly records: readonly RecordObject[]
}

export function tableOf(records: readonly RecordObject[]): ReadonlyMap<string, string> {
  const table = new Map<string, string>()
  for (const { key, value } of records) {
    if (key === null) continue
    if (value === null) table.delete(key.toString())
    else table.set(key.toString(), value.toString())
  }
  return new Map([...table].sort(([a], [b]) => (a < b ? -1 : 1)))
}
