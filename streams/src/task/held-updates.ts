/**
 * Updates of tables that go on once a commit, the last one of each key: what they hold, and who lets it go.
 *
 *   HeldUpdates   the tables of a task │ upstream first
 *   HeldRows      key → the last update, in the order of these │ the row that those behind have heard of
 *
 * Invariants
 *   H1  Nothing is held between two steps: all of it goes on before a step is committed, as a part of it. So a crash loses nothing, and
 *       what is heard of is what the table was at the last commit.
 *   H2  A table lets go what it holds after all those before it, since that may be updates of it.
 *   H3  The value that an update replaces is the one that went on last. Where none went on and the row is gone again, nothing goes on.
 */
import type { Header } from '@millrace/core'
import { Change } from './change.ts'
import type { RecordContext } from './record-context.ts'
import type { Stamped } from './stores.ts'

/** The record that an update belongs to. */
interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly headers: readonly Header[]
}

/** An update that waits. */
export interface HeldUpdate {
  readonly key: unknown
  readonly change: Change<unknown>
  readonly timestamp: number
  readonly place: Place
}

/** What one table holds. Keys are told apart by their texts. */
export class HeldRows {
  readonly #updates = new Map<string, HeldUpdate>()

  get size(): number {
    return this.#updates.size
  }

  hold(text: string, key: unknown, change: Change<unknown>, timestamp: number, record: RecordContext): void {
    const before = this.#updates.get(text)
    const { topic, partition, offset, headers } = record
    const first = before === undefined ? change : before.change
    const whole = new Change(change.next, first.previous, true, first.previousTime)
    // Behind the others, as in Kafka's cache, where it was before.
    this.#updates.delete(text)
    this.#updates.set(text, { key, change: whole, timestamp, place: { topic, partition, offset, headers } })
  }

  /** The row that those behind have heard of; undefined: none, null: there is nothing that they have not heard of. */
  heard(text: string): Stamped<unknown> | undefined | null {
    const held = this.#updates.get(text)
    if (held === undefined) return null
    const { previous, previousTime } = held.change
    return previous === null ? undefined : { value: previous, timestamp: previousTime }
  }

  /** Takes the oldest update out. */
  next(): HeldUpdate | undefined {
    for (const [text, held] of this.#updates) {
      this.#updates.delete(text)
      if (held.change.next !== null || held.change.previous !== null) return held
    }
    return undefined
  }
}

/** Lets at most `limit` updates go. */
export type LetGo = (limit: number) => void

export class HeldUpdates {
  readonly #rows = new Map<string, HeldRows>()
  /** Upstream first. */
  readonly #tables: { readonly rows: HeldRows; readonly letGo: LetGo }[] = []

  /** Of a node, whether it is built yet or not. */
  rowsOf(node: string): HeldRows {
    let rows = this.#rows.get(node)
    if (rows === undefined) {
      rows = new HeldRows()
      this.#rows.set(node, rows)
    }
    return rows
  }

  /** In the order in which a topology is built: downstream first. */
  add(node: string, letGo: LetGo): void {
    this.#tables.unshift({ rows: this.rowsOf(node), letGo })
  }

  /** Everything that is held goes on. False: nothing was. @throws what comes out of the operators behind */
  letGo(): boolean {
    let any = false
    for (const { rows, letGo } of this.#tables) {
      if (rows.size === 0) continue
      any = true
      letGo(Infinity)
    }
    return any
  }
}
