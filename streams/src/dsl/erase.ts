/** The graph keeps serdes of every type in one list. What fits to what, the types of the DSL have checked. */
import type { Serde, Serializer } from '@millrace/core'

export function erase<T>(serde: Serde<T>): Serde<unknown> {
  return serde as unknown as Serde<unknown>
}

export function eraseSerializer<T>(serializer: Serializer<T>): Serializer<unknown> {
  return serializer as Serializer<unknown>
}
