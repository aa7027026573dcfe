import type { LogClient, Serde } from '@millrace/core'
import { readTopic } from './read-topic.ts'

/** A record of an output, decoded. */
export interface Row<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
}

/** All committed records of a topic. Those of a key are in the order in which they were written. */
export async function readRows<K, V>(
  log: LogClient,
  topic: string,
  serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
): Promise<readonly Row<K, V>[]> {
  const rows: Row<K, V>[] = []
  await readTopic(log, topic, ({ key, value, timestamp }) => {
    if (key === null || value === null) throw new Error(`${topic} holds a record without a key or a value`)
    rows.push({ key: serdes.key.read(key), value: serdes.value.read(value), timestamp })
  })
  return rows
}

/** The newest value of each key of a table, by key. */
export function newestOf<V>(rows: readonly Row<string, V>[]): readonly Row<string, V>[] {
  return [...new Map(rows.map((row) => [row.key, row])).values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}
