import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { changeOf, type Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface TopNode extends OperatorNode {
  readonly kind: 'top-n'
  readonly state: string
  readonly count: number
  /** Below 0: `a` comes first. */
  readonly compare: (a: unknown, b: unknown) => number
  /** What a value is about: a newer one takes the place of the older one. Null: each value stands for itself. */
  readonly by: ((value: unknown) => unknown) | null
}

type Ranks = readonly unknown[]

/**
 * The first `count` values of each key in the order of `compare`, as a table of lists; a list goes on when it has changed. Of equals
 * the one that came first stands first. A null key or value is dropped and counted. The time of a list is that of the newest
 * record that changed it.
 */
export function topN(node: TopNode, context: TaskContext): OperatorFunction<Rec, Rec<unknown, Change<unknown>>> {
  const store = context.keyValueStore<unknown, Ranks>(node.state)
  const ranked = guarded((old: Ranks, value: unknown) => ranksWith(old, value, node), context)
  return operator(({ key, value, timestamp }, out) => {
    if (key === null) return context.drop('null-key', node.name)
    if (value === null) return context.drop('null-value', node.name)
    context.node = node.name
    context.record.timestamp = timestamp
    const old = store.get(key)
    const ranks = ranked(old?.value ?? [], value)
    if (ranks === skipped || ranks === old?.value) return
    const time = Math.max(timestamp, old?.timestamp ?? timestamp)
    store.put(key, ranks, time)
    out.next(new Rec(key, changeOf(ranks, old), time))
  })
}

/** The very list that was given, if the value does not come into it. */
function ranksWith(old: Ranks, value: unknown, { count, compare, by }: TopNode): Ranks {
  const identity = by?.(value)
  const others = by === null ? old : old.filter((one) => by(one) !== identity)
  const place = others.findIndex((one) => compare(value, one) < 0)
  const index = place === -1 ? others.length : place
  return index >= count ? (others.length === old.length ? old : others) : others.toSpliced(index, 0, value).slice(0, count)
}
