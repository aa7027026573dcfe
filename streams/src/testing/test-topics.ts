import type { TestRecord, TestRow } from './test-records.ts'

/** A typed way into a source topic; made by `driver.input(...)`. */
export class TestInput<in out K, in out V> {
  readonly #pipe: (record: TestRecord<K, V>) => void

  constructor(pipe: (record: TestRecord<K, V>) => void) {
    this.#pipe = pipe
  }

  /** A record and everything that follows from it. @throws as `TopologyTestDriver.pipeInput` */
  pipe(key: K, value: V, timestamp?: number): this {
    return this.pipeRecord(timestamp === undefined ? { key, value } : { key, value, timestamp })
  }

  /** The same, with headers or a partition. @throws as `TopologyTestDriver.pipeInput` */
  pipeRecord(record: TestRecord<K, V>): this {
    this.#pipe(record)
    return this
  }
}

/** A typed way out of a sink topic; made by `driver.output(...)`. */
export class TestOutput<in out K, in out V> {
  readonly #next: () => TestRow<K, V> | undefined

  constructor(next: () => TestRow<K, V> | undefined) {
    this.#next = next
  }

  /** The next record; undefined: there is no more. */
  read(): TestRow<K, V> | undefined {
    return this.#next()
  }

  /** All records that were not read yet. */
  readAll(): TestRow<K, V>[] {
    const rows: TestRow<K, V>[] = []
    for (let row = this.read(); row !== undefined; row = this.read()) rows.push(row)
    return rows
  }
}
