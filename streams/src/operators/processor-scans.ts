/** Scans as processors ask for them, and the way of their rows to the processor. */
import type { Meta, RecordContext } from '../task/record-context.ts'
import type { ScanRange, StoreRow, StoreScan } from '../task/scans.ts'
import { checkFunctions, checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'

/** What a processor gives. */
export interface AskedScan {
  readonly range: ScanRange
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
    const { each } = this.#asked
    const ran = this.#user.inEvent(this.#event, () => each(shownRow(row), this.#stop))
    if (ran && this.#isStopped) this.end()
    return ran && !this.#isStopped
  }

  end(): void {
    const { done } = this.#asked
    if (done !== undefined) this.#user.inEvent(this.#event, done)
  }
}

function shownRow({ key, start, row: { value, timestamp } }: StoreRow): unknown {
  return start === -1 ? { key, value, timestamp } : { key, start, value, timestamp }
}

/** @throws INVALID_STREAM_OPTION */
export function askedScan(where: string, kind: 'keyValue' | 'window', range: unknown, each: unknown, done: unknown): AskedScan {
  checkFunctions(where, done === undefined ? { each } : { each, done })
  const asked = kind === 'window' ? startRange(where, range) : keyRange(where, range)
  return { range: asked, each: each as AskedScan['each'], done: done as AskedScan['done'] }
}

function keyRange(where: string, range: unknown): ScanRange {
  checkOptions(where, range, ['from', 'to', 'prefix', 'reverse'])
  const { from, to, prefix, reverse = false } = range as Readonly<Record<string, unknown>>
  checkReverse(where, reverse)
  if (prefix === undefined) return { by: 'key', from, to, reverse }
  const bytes = typeof prefix === 'string' ? Buffer.from(prefix) : prefix
  if (!(bytes instanceof Uint8Array)) throw badRange(where, 'prefix', 'text or bytes', prefix)
  if (from !== undefined || to !== undefined) throw badRange(where, 'prefix', 'a prefix, or from and to', 'both')
  return { by: 'prefix', prefix: bytes, reverse }
}

/** Every start that a window may have. */
const firstStart = -Number.MAX_SAFE_INTEGER
const lastStart = Number.MAX_SAFE_INTEGER - 1

function startRange(where: string, range: unknown): ScanRange {
  checkOptions(where, range, ['from', 'to', 'reverse'])
  const { from = firstStart, to = lastStart, reverse = false } = range as Readonly<Record<string, unknown>>
  checkReverse(where, reverse)
  for (const [name, time] of Object.entries({ from, to })) {
    if (!Number.isSafeInteger(time)) throw badRange(where, name, 'milliseconds since 1970, a whole number', time)
  }
  return { by: 'start', from: from as number, to: Math.min(to as number, lastStart), reverse }
}

function checkReverse(where: string, reverse: unknown): asserts reverse is boolean {
  if (typeof reverse !== 'boolean') throw badRange(where, 'reverse', 'true or false', reverse)
}

function badRange(where: string, name: string, expected: string, received: unknown): Error {
  return streamError('INVALID_STREAM_OPTION', {
    what: 'not a range to scan',
    where: `${where}, ${name}`,
    expected,
    received: String(received),
  })
}
