import type { Header } from '@millrace/core'
import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { checkHeaders } from './forwarded.ts'
import type { OperatorNode } from './node.ts'

export interface WithHeadersNode extends OperatorNode {
  readonly kind: 'with-headers'
  readonly headersOf: (value: unknown, key: unknown, meta: Meta) => readonly Header[]
}

/** Other headers for everything that stands behind it; beside it the record has its own. */
export function withHeaders(node: WithHeadersNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const headersOf = guarded(
    (value: unknown, key: unknown, meta: Meta) => checkHeaders(node.headersOf(value, key, meta), node.name),
    context,
  )
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const headers = headersOf(rec.value, rec.key, record)
    if (headers === skipped) return
    const before = record.headers
    record.headers = headers
    out.next(rec)
    // What throws ends the record for all: the loop sets the headers of the next one.
    record.headers = before
  })
}
