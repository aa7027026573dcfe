import type { TaskContext } from '../task/task-context.ts'

/** What a guarded call gives where user code threw: the node emits nothing for this record. */
export const skipped: unique symbol = Symbol('skipped')

/**
 * User code under the error policy. Under `fail` it is the function itself: what it throws reaches the loop. Under `skip`
 * the throw is reported, and `skipped` comes back; nothing but the call lies inside the try (KIP-1033: what other branches
 * did stays).
 */
export function guarded<A extends readonly unknown[], R>(
  call: (...args: A) => R,
  context: Pick<TaskContext, 'errorPolicy' | 'failed'>,
): (...args: A) => R | typeof skipped {
  if (context.errorPolicy === 'fail') return call
  return (...args) => {
    try {
      return call(...args)
    } catch (error) {
      context.failed(error)
      return skipped
    }
  }
}
