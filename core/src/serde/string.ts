import type { Serde } from './serde.ts'
import { readUtf8 } from './utf8.ts'

/** Text as UTF-8, the bytes of Kafka's StringSerializer. Half a surrogate pair is written as U+FFFD. */
export const string: Serde<string> = {
  name: 'string',
  write: (text) => text,
  read: (bytes) => readUtf8('string', bytes),
}

/** `string` for a branded type: `branded<OrderId>()` is a `Serde<OrderId>`. What is read is taken at its word. */
export function branded<T extends string>(): Serde<T> {
  return string as unknown as Serde<T>
}
