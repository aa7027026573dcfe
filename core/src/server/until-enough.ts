import type { Clock } from '../base/clock.ts'
import type { Partition } from '../broker/partition.ts'

interface WaitedFor {
  readonly log: Partition
  readonly from: number
  readonly committedOnly: boolean
}

export interface Wait {
  readonly clock: Clock
  readonly waitMs: number
  readonly minBytes: number
  readonly places: readonly WaitedFor[]
}

/**
 * Resolves when the places have something for a reader, or the time is up. Of `minBytes` above 1 only the first byte is waited for as
 * such: sizes are known only to who reads, so the rest is what a batch more brings, as long as there is time.
 */
export async function untilEnough({ clock, waitMs, minBytes, places }: Wait): Promise<void> {
  if (minBytes <= 0 || waitMs <= 0 || places.some(hasSomething)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel()
      for (const stop of stops) stop()
      resolve()
    }
    const timer = clock.after(waitMs, done)
    const stops = places.map((place) => place.log.onAdvance(() => (hasSomething(place) ? done() : undefined)))
  })
}

/** Also an offset that is out of range: that is to be said at once. */
function hasSomething({ log, from, committedOnly }: WaitedFor): boolean {
  const limit = committedOnly ? log.lastStableOffset : log.highWatermark
  return from < limit || from > log.highWatermark || from < log.startOffset
}
