/**
 * The one place where a simulation leans on the real event loop: not for time or input, only to know that all microtasks
 * have run. There is no call for that; but Node runs them all between two immediates, also of one batch, so a batch
 * queued ahead gives many quiet points for one round of the loop (5 million a second; one immediate a round: 0.7 million).
 */

// oxlint-disable-next-line no-restricted-globals -- see above; kept from the start, so that a test's fake timers do not stop it
const laterInThisRound = setImmediate

const smallestBatch = 8
const largestBatch = 1024

/** Calls `turn` again and again until it returns false, each time after all microtasks have run. */
export function eachTurn(turn: () => boolean): void {
  let done = 0
  let left = 0
  let going = true
  const next = (): void => {
    if (going) going = turn()
    done += 1
    left -= 1
    if (left === 0 && going) queue()
  }
  // What is queued ahead and not needed in the end costs too, so a batch is at most a quarter of what was needed so far.
  const queue = (): void => {
    left = Math.min(largestBatch, Math.max(smallestBatch, done >> 2))
    for (let index = 0; index < left; index++) laterInThisRound(next)
  }
  queue()
}
