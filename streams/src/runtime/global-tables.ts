import type { Assignment, ConsumedRecord, Consumer, LogClient } from '@millrace/core'
import type { GlobalTable } from '../plan/plan.ts'
import type { GlobalStore, Stamped } from '../task/stores.ts'
import { streamError } from '../time/stream-errors.ts'

/**
 * The tables that every instance holds whole: read to their end before the first record, and followed from there on.
 *
 * Invariants
 *   G1  The topic is the table's changelog: nothing is written, and every start reads it whole into memory.
 *   G2  A later record of a key replaces an earlier one, in offset order; null removes it.
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

  /** Reads every table to its end. */
  static async open(
    log: LogClient,
    specs: readonly GlobalTable[],
    partitions: ReadonlyMap<string, number>,
  ): Promise<GlobalTables> {
    const consumer = await log.consumer({ isolation: 'read_committed' })
    const globals = new GlobalTables(
      consumer,
      specs.map((spec) => new Table(spec)),
    )
    const places = [...globals.byTopic.keys()].flatMap((topic) =>
      Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    )
    const ends = await log.admin.listOffsets(places.map((place) => ({ ...place, at: 'stable' as const })))
    await consumer.assign(places.map((place): Assignment => ({ ...place, offset: 'earliest' })))
    while (places.some((place, index) => consumer.position(place) < ends[index]!)) await globals.follow()
    return globals
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
    return this.tables.get(name) as unknown as GlobalStore<K, V>
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }
}

class Table implements GlobalStore<unknown, unknown> {
  readonly name: string
  readonly topic: string
  private readonly spec: GlobalTable
  /** By the bytes of the key, as the serde writes them. */
  private readonly rows = new Map<string, Stamped<unknown>>()

  constructor(spec: GlobalTable) {
    this.name = spec.store
    this.topic = spec.topic
    this.spec = spec
  }

  get(key: unknown): Stamped<unknown> | undefined {
    const written = this.spec.key.write(key)
    return this.rows.get(typeof written === 'string' ? written : textOf(written))
  }

  apply({ key, value, timestamp, offset }: ConsumedRecord, partition: number): void {
    if (key === null) return
    if (value === null) this.rows.delete(textOf(key))
    else this.rows.set(textOf(key), { value: this.read(value, partition, offset), timestamp })
  }

  private read(value: Uint8Array, partition: number, offset: number): unknown {
    try {
      return this.spec.value.read(value)
    } catch (cause) {
      throw streamError('VALUE_UNREADABLE', {
        what: `a row of global table ${this.name} cannot be read by serde ${this.spec.value.name}`,
        where: `${this.topic}-${partition} at offset ${offset}`,
        cause,
      })
    }
  }
}

/** UTF-8 where the bytes are UTF-8, so that a key written as text finds its row. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
