/** The way of the rows of a scan to the processor that asked for it. */
import type { Meta, RecordContext } from '../task/record-context.ts'
import type { ScanRange, StoreRow, StoreScan } from '../task/scans.ts'

/** What a store makes of a range that a processor gives. */
export interface ScanView {
  readonly range: ScanRange
  /** Undefined: the processor does not see the row. */
  readonly show: (row: StoreRow) => unknown
}

/** What a processor gives. */
export interface AskedScan extends ScanView {
  readonly each: (row: unknown, stop: () => void) => unknown
  readonly done: (() => unknown) | undefined
}

/** What a scan needs of the processor that asked for it. */
export interface ScanUser {
  /** Runs user code for the record or punctuation that asked. False: it failed, and the error policy has left it out. */
  inEvent(event: AskedEvent, call: () => unknown): boolean
}

/** The event that a scan belongs to. */
export interface AskedEvent extends Meta {
  readonly isByClock: boolean
}

export function eventOf({ topic, partition, offset, timestamp, headers }: RecordContext, isByClock: boolean): AskedEvent {
  return { topic, partition, offset, timestamp, headers, isByClock }
}

export class ProcessorScan implements StoreScan {
  readonly store: string
  readonly range: ScanRange
  readonly #asked: AskedScan
  readonly #user: ScanUser
  readonly #event: AskedEvent
  #isStopped = false
  readonly #stop = (): void => {
    this.#isStopped = true
  }

  constructor(store: string, asked: AskedScan, user: ScanUser, event: AskedEvent) {
    this.store = store
    this.range = asked.range
    this.#asked = asked
    this.#user = user
    this.#event = event
  }

  take(row: StoreRow): boolean {
    const { each, show } = this.#asked
    const shown = show(row)
    if (shown === undefined) return true
    const ran = this.#user.inEvent(this.#event, () => each(shown, this.#stop))
    if (ran && this.#isStopped) this.end()
    return ran && !this.#isStopped
  }

  end(): void {
    const { done } = this.#asked
    if (done !== undefined) this.#user.inEvent(this.#event, done)
  }
}
