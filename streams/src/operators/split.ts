import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface SplitNode extends OperatorNode {
  readonly kind: 'split'
  readonly branches: readonly {
    readonly branch: string
    readonly predicate: ((value: unknown, key: unknown, meta: Meta) => boolean) | null
  }[]
}

export interface BranchNode extends OperatorNode {
  readonly kind: 'branch'
  readonly branch: string
}

/**
 * Hands the record to the first branch whose predicate holds, or to the one without a predicate; where there is none it ends
 * here, uncounted as in Kafka: it was not lost, the user asked for the others (KStreamBranch).
 * @param wayTo the way into a branch
 */
export function split(
  node: SplitNode,
  context: TaskContext,
  wayTo: (branch: string) => Subscriber<Rec>,
): OperatorFunction<Rec, never> {
  const asked = node.branches.flatMap(({ branch, predicate }) =>
    predicate === null ? [] : [{ predicate: guarded(predicate, context), way: wayTo(branch) }],
  )
  const rest = node.branches.find(({ predicate }) => predicate === null)
  const otherwise = rest === undefined ? undefined : wayTo(rest.branch)
  const { record } = context
  return operator((rec) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    for (const { predicate, way } of asked) {
      const holds = predicate(rec.value, rec.key, record)
      if (holds === skipped) return
      if (holds) return way.next(rec)
    }
    otherwise?.next(rec)
  })
}
