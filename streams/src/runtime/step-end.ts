/** What happens in the tree of a task where no event is at hand: before a commit, and after the end. */
import { explain, placeIn } from './explain.ts'
import type { LiveContext } from './live-context.ts'

/**
 * What tables hold for the commit goes on, as a part of the step. Its size and changes were counted before: for the limits of steps the
 * outputs count as changelogs. Returns whether there was any. @throws as an event does
 */
export function letHeldGo(context: LiveContext): boolean {
  return explained(context, () => {
    context.faults.otherEvent()
    return context.held.letGo()
  })
}

/** Of a task that has ended: what operators have found wrong since. @throws RX_ESCAPED_EMISSION, RX_ENDED */
export function lookForFaults(context: LiveContext): void {
  explained(context, () => {
    if (context.closers.hasDue) context.closers.closeDue(1)
  })
}

function explained<T>(context: Parameters<typeof placeIn>[0], work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw explain(cause, placeIn(context))
  }
}
