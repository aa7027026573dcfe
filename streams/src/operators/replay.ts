import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { VirtualRun } from '../rx/virtual-run.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import type { Windowed } from '../time/windowed.ts'
import type { OperatorNode } from './node.ts'

export interface ReplayNode extends OperatorNode {
  readonly kind: 'replay'
  readonly run: (items: readonly TimedValue<unknown>[], window: Windowed<unknown>) => VirtualRun<unknown>
}

/**
 * The user's pipeline over the records of a closed window: what it emits has the window for its key and virtual time for its time.
 * Where it fails nothing of the window is emitted.
 */
export function replay(
  node: ReplayNode,
  context: TaskContext,
): OperatorFunction<Rec<Windowed<unknown>, TimedValues<unknown>>, Rec> {
  const run = guarded((values: TimedValues<unknown>, window: Windowed<unknown>) => {
    const { emitted, ended } = node.run(values.toArray(), window)
    if (ended) return emitted
    const what = 'a pipeline over a window did not end with its records'
    throw streamError('RX_NOT_ENDED', { what, where: `${node.name}, window from ${window.start}` })
  }, context)
  return operator(({ key, value, timestamp }, out) => {
    context.node = node.name
    context.record.timestamp = timestamp
    const emitted = run(value, key)
    if (emitted === skipped) return
    for (const one of emitted) out.next(new Rec(key, one.value, one.time))
  })
}
