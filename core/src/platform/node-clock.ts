import type { Clock, Timer } from '../base/clock.ts'

/** The longest delay that Node's timers know; a longer one would fire at once. */
const longestDelayMs = 2 ** 31 - 1

/** The clocks and the event loop of this process. */
export class NodeClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return performance.now()
  }

  after(delayMs: number, work: () => void): Timer {
    return new NodeTimer(delayMs, work)
  }

  inBackground(delayMs: number, work: () => void): Timer {
    const handle = setTimeout(work, Math.min(delayMs, longestDelayMs))
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  }

  /** A check phase follows each poll of the kernel, so what waits there is handled first. */
  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}

class NodeTimer implements Timer {
  #handle: NodeJS.Timeout

  constructor(delayMs: number, work: () => void) {
    this.#handle = this.#arm(delayMs, work)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #arm(delayMs: number, work: () => void): NodeJS.Timeout {
    if (delayMs <= longestDelayMs) return setTimeout(work, delayMs)
    const rest = delayMs - longestDelayMs
    return setTimeout(() => (this.#handle = this.#arm(rest, work)), longestDelayMs)
  }
}
