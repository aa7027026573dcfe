import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Segment, SegmentFaults } from '../rx/segment.ts'
import { Rec } from '../task/rec.ts'
import type { Closer } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { OperatorNode } from './node.ts'

export interface PipeNode extends OperatorNode {
  readonly kind: 'pipe'
  readonly open: (faults: SegmentFaults) => Pick<Segment, 'push' | 'close'>
}

/** The user's own RxJS operators on the value; key and timestamp stay. `opened` gets what ends them with the task. */
export function pipe(node: PipeNode, context: TaskContext, opened: (close: () => void) => void): OperatorFunction<Rec, Rec> {
  const segment = node.open(new Faults('pipe', node, context))
  opened(() => segment.close())
  const push = guarded((value: unknown) => segment.push(value), context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const emitted = push(rec.value)
    if (emitted === skipped) return
    for (let i = 0; i < emitted.length; i++) out.next(new Rec(rec.key, emitted[i], rec.timestamp))
  })
}

/**
 * Faults outside of a record have no caller to throw to. Under `skip` they are reported at once; under `fail` the loop is
 * asked to call back, as for windows that are due, and gets the error there.
 */
export class Faults implements SegmentFaults, Closer {
  readonly #method: string
  readonly #node: OperatorNode
  readonly #context: TaskContext
  #pending: Error | undefined

  constructor(method: string, node: OperatorNode, context: TaskContext) {
    this.#method = method
    this.#node = node
    this.#context = context
    context.addCloser(this)
  }

  error(kind: 'ended' | 'escaped', cause?: unknown): Error {
    const where = this.#node.name
    if (kind === 'ended') return streamError('RX_ENDED', { what: `an operator in ${this.#method} completed`, where })
    return streamError('RX_ESCAPED_EMISSION', {
      what: `an operator in ${this.#method} emitted while no record was given to it`,
      where,
      cause,
    })
  }

  tell(error: Error): void {
    if (this.#context.errorPolicy === 'skip') return this.#context.failed(error)
    this.#pending ??= error
    this.#context.due(this)
  }

  closeDue(): boolean {
    const error = this.#pending
    this.#pending = undefined
    if (error !== undefined) throw error
    return false
  }

  endOfInput(): void {
    if (this.#pending !== undefined) this.#context.due(this)
  }
}
