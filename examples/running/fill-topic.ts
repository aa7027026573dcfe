import type { LogClient, Serializer } from '@millrace/core'

/** A record of an input that an example makes up. */
export interface Given<K, V> {
  readonly key: K
  readonly value: V
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** Writes the records in this order, and returns when they are durable. */
export async function fillTopic<K, V>(
  log: LogClient,
  topic: string,
  { key, value }: { readonly key: Serializer<K>; readonly value: Serializer<V> },
  records: readonly Given<K, V>[],
): Promise<void> {
  await using producer = await log.producer()
  for (const record of records) {
    producer.append(topic, key.write(record.key), value.write(record.value), { timestamp: record.timestamp })
  }
  await producer.flush()
}
