import type { OperatorFunction } from 'rxjs'
import { operator } from '../rx/operator.ts'
import type { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { OperatorNode } from './node.ts'

export interface ToStreamNode extends OperatorNode {
  readonly kind: 'to-stream'
}

/** The updates of a table as records; null is a deletion. */
export function toStream(): OperatorFunction<Rec<unknown, Change<unknown>>, Rec> {
  return operator((rec, out) => out.next(new Rec(rec.key, rec.value.next, rec.timestamp)))
}
