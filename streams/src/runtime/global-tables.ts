import type { ConsumedRecord, Consumer, LogClient } from '@millrace/core'
import type { GlobalTable } from '../plan/plan.ts'
import { KeyTexts, KeyValueRowKeys } from '../state/row-keys.ts'
import { rowsInRange, type RowBounds, type RowRange, type ScanRow } from '../state/row-scan.ts'
import type { GlobalStore, Stamped } from '../task/stores.ts'
import type { DropReason } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { DropCounts } from './drop-counts.ts'
import { messageOf } from './explain.ts'
import type { DropListener } from './dropped.ts'
import type { ErrorPolicies } from './error-policies.ts'
import { refuseWhenStopping } from './restore.ts'
import { tell } from './tell.ts'

export interface GlobalTablesOptions {
  readonly log: LogClient
  readonly tables: readonly GlobalTable[]
  /** Of their topics. */
  readonly partitions: ReadonlyMap<string, number>
  readonly policies: ErrorPolicies
  readonly drops: DropCounts
  readonly onDropped: DropListener
  readonly isStopping: () => boolean
}

/**
 * The tables that every instance holds whole: read to their end before the first record, and followed from there on.
 *
 * Invariants
 *   G1  The topic is the table's changelog: nothing is written, and every start reads it whole into memory.
 *   G2  A later record of a key replaces an earlier one, in offset order; null removes it. One that is left out changes nothing.
 *   G3  A row that is left out is counted and told at every start, and never a dead letter: it belongs to no step (KIP-1295).
 */
export class GlobalTables {
  private readonly consumer: Consumer
  private readonly tables: ReadonlyMap<string, Table>
  private readonly byTopic: ReadonlyMap<string, readonly Table[]>

  private constructor(consumer: Consumer, tables: readonly Table[]) {
    this.consumer = consumer
    this.tables = new Map(tables.map((table) => [table.name, table]))
    this.byTopic = Map.groupBy(tables, (table) => table.topic)
  }

  /** Reads every table to its end. @throws VALUE_UNREADABLE under the policy `fail` */
  static async open(options: GlobalTablesOptions): Promise<GlobalTables> {
    const consumer = await options.log.consumer({ isolation: 'read_committed' })
    const globals = new GlobalTables(
      consumer,
      options.tables.map((table) => new Table(table, options)),
    )
    try {
      await globals.readToEnd(options)
    } catch (error) {
      await consumer.close()
      throw error
    }
    return globals
  }

  private async readToEnd({ log, partitions, isStopping }: GlobalTablesOptions): Promise<void> {
    const places = [...this.byTopic.keys()].flatMap((topic) =>
      Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    )
    const ends = await log.admin.listOffsets(places.map((place) => ({ ...place, at: 'stable' })))
    await this.consumer.assign(places.map((place) => ({ ...place, offset: 'earliest' })))
    while (places.some((place, index) => this.consumer.position(place) < ends[index]!)) {
      refuseWhenStopping({ isStopping })
      await this.follow()
    }
  }

  /** Applies what has come since. */
  async follow(): Promise<void> {
    if (this.tables.size === 0) return
    for (const batch of await this.consumer.poll()) {
      const tables = this.byTopic.get(batch.topic)!
      batch.forEach((record) => {
        for (const table of tables) table.apply(record, batch.partition)
      })
    }
  }

  store<K, V>(name: string): GlobalStore<K, V> {
    return this.tables.get(name) as GlobalStore<unknown, unknown> as GlobalStore<K, V>
  }

  /** For queries. */
  view(name: string): Table {
    return this.tables.get(name)!
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }
}

class Table implements GlobalStore<unknown, unknown> {
  readonly name: string
  readonly topic: string
  private readonly spec: GlobalTable
  private readonly options: GlobalTablesOptions
  private readonly keys: KeyTexts<unknown>
  private readonly rows = new Map<string, Stamped<unknown>>()

  constructor(spec: GlobalTable, options: GlobalTablesOptions) {
    this.name = spec.store
    this.topic = spec.topic
    this.spec = spec
    this.options = options
    this.keys = new KeyTexts(spec.key)
  }

  get(key: unknown): Stamped<unknown> | undefined {
    return this.rows.get(this.keys.textOf(key))
  }

  committedGet(key: unknown): Stamped<unknown> | undefined {
    return this.get(key)
  }

  /** As it is at the first row. */
  async *scan(rangeOf: (bounds: RowBounds) => RowRange): AsyncGenerator<ScanRow<unknown, unknown>, void, undefined> {
    yield* rowsInRange(this.rows, new KeyValueRowKeys<unknown>(this.spec.key), rangeOf)
  }

  apply({ key, value, timestamp, offset }: ConsumedRecord, partition: number): void {
    if (key === null) return this.leaveOut('null-key', null, partition, offset)
    try {
      const row = this.keys.textOfBytes(key)
      if (value === null) this.rows.delete(row)
      else this.rows.set(row, { value: this.spec.value.read(value), timestamp })
    } catch (cause) {
      this.unread(cause, partition, offset)
    }
  }

  private unread(cause: unknown, partition: number, offset: number): void {
    const { key, value, topic, store } = this.spec
    const error = streamError('VALUE_UNREADABLE', {
      what: `a row of a global table cannot be read: serdes ${key.name} and ${value.name}: ${messageOf(cause)}`,
      where: `${store}, ${topic}-${partition} at offset ${offset}`,
      cause,
    })
    if (this.options.policies.read === 'fail') throw error
    this.leaveOut('undecodable', error, partition, offset)
  }

  private leaveOut(reason: DropReason, error: unknown, partition: number, offset: number): void {
    this.options.drops.add(reason)
    tell(this.options.onDropped, { reason, error, node: this.name, task: null, topic: this.topic, partition, offset })
  }
}
