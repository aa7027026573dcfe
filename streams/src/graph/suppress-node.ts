import type { Serde } from '@millrace/core'
import type { Suppression } from '../time/suppression.ts'
import type { Windows } from '../time/windows.ts'

/** Updates of a table, held back. */
export interface SuppressNode {
  readonly kind: 'suppress'
  readonly name: string
  readonly inputs: readonly string[]
  readonly store: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly suppression: Suppression<never>
  /** Of the key; null: it has none. */
  readonly windows: Windows | null
}
