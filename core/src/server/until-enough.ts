import type { Clock } from '../base/clock.ts'
import type { Partition } from '../broker/partition.ts'
import type { RequestContext } from './handler.ts'

export interface Wait {
  readonly clock: Clock
  readonly waitMs: number
  /** Any of them may get more. */
  readonly logs: readonly Partition[]
  readonly untilClosing: RequestContext['untilClosing']
}

/**
 * Reads until it is enough, or the time is up, or nobody waits any more: again whenever one of the logs has gone on. What it read last
 * is the answer.
 *
 * The order matters: whoever waits listens before it reads, so that nothing comes unheard in between.
 */
export async function untilEnough<T>(
  { clock, waitMs, logs, untilClosing }: Wait,
  read: () => Promise<T>,
  isEnough: (found: T) => boolean,
): Promise<T> {
  const deadline = clock.monotonic() + waitMs
  for (;;) {
    const advance = Promise.withResolvers<void>()
    const stops = logs.map((log) => log.onAdvance(advance.resolve))
    try {
      const found = await read()
      const leftMs = deadline - clock.monotonic()
      if (leftMs <= 0 || isEnough(found)) return found
      const timer = clock.after(leftMs, advance.resolve)
      const goesOn = await untilClosing(advance.promise.then(() => true))
      timer.cancel()
      if (goesOn === null) return found
    } finally {
      for (const stop of stops) stop()
    }
  }
}
