import { SerdeError } from './serde-error.ts'
import type { Serde } from './serde.ts'

/**
 * A serde for which null is a value: in the log it is a null key or value, no bytes, as everywhere in Kafka. Whoever calls it
 * passes nulls on by themselves (see `Serializer.nullable`).
 */
export function nullable<T>(serde: Serde<T>): Serde<T | null> {
  return {
    // What else stands in it, as the inner serde of a windowed one, stays.
    ...serde,
    name: `nullable(${serde.name})`,
    nullable: true,
    write: (value) => serde.write(notNull(serde, value)),
    read: (bytes) => serde.read(bytes),
  }
}

function notNull<T>({ name }: Serde<T>, value: T | null): T {
  if (value === null) throw new SerdeError(`nullable(${name})`, 'null is written as no bytes, by whoever calls the serde')
  return value
}
