/**
 * Scans of stores that processors have asked for, as part of an event of a task.
 *
 * Invariants
 *   N1  A scan begins when everything that its event causes is done, and ends before the next event of the task: meanwhile the task
 *       takes nothing, and its step is not committed. So what it emits and stores commits with the event.
 *   N2  They run one after the other, in the order in which they were asked for. One that a scan asks for comes last.
 *   N3  A scan shows its store as the event has left it when the scan begins; what is written while it runs, it does not show.
 */
import type { Stamped } from './stores.ts'

/** Which rows, and in which order. Undefined: no bound. `index`: the keys are those of an index of the store. */
export type ScanRange =
  /** Key-value stores: from one key to another, both included, in the order of the bytes of the keys. */
  | { readonly by: 'key'; readonly from: unknown; readonly to: unknown; readonly reverse: boolean; readonly index?: string }
  /** Key-value stores: the keys whose bytes begin so. */
  | { readonly by: 'prefix'; readonly prefix: Uint8Array; readonly reverse: boolean; readonly index?: string }
  /** Window stores: starts from one time to another, both included; by start, then by the bytes of the keys. */
  | { readonly by: 'start'; readonly from: number; readonly to: number; readonly reverse: boolean }

export interface StoreRow {
  readonly key: unknown
  /** -1 in a key-value store. */
  readonly start: number
  readonly row: Stamped<unknown>
}

export interface StoreScan {
  readonly store: string
  readonly range: ScanRange
  /** False: it wants no more, not even to hear of the end. */
  take(row: StoreRow): boolean
  /** There are no more rows. */
  end(): void
}

export class Scans {
  /** A processor of the task may ask: what closes, closes one row an event, so that each has its scans before the next (N1). */
  areUsed: boolean = false
  readonly #waiting: StoreScan[] = []

  ask(scan: StoreScan): void {
    this.#waiting.push(scan)
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes the next one. */
  next(): StoreScan | undefined {
    return this.#waiting.shift()
  }
}
