import { streamError } from '../time/stream-errors.ts'
import { erase } from './erase.ts'
import type { Place } from './place.ts'

/** When the updates of a table go on. */
export interface Emitting {
  /**
   * `update`: each of them. `commit`: with each commit the last one of each key that has any, which replaces the value that went on last;
   * a row that came and went since is not told of. How many go on then depends on when commits are, what they come to does not. The
   * records of a stream that joins the table see its newest rows all the same. Default `update`.
   */
  readonly emitEvery?: 'update' | 'commit'
}

type EmitEvery = 'update' | 'commit'

/** Options without the one that says when updates go on. @throws INVALID_STREAM_OPTION */
export function emitEveryOf<O extends Emitting>(
  where: string,
  options: O,
): { emitEvery: EmitEvery; others: Omit<O, 'emitEvery'> } {
  // No object at all: what takes the others says so.
  if (typeof options !== 'object' || options === null) return { emitEvery: 'update', others: options }
  const { emitEvery = 'update', ...others } = options
  if (emitEvery === 'update' || emitEvery === 'commit') return { emitEvery, others }
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'not a time to emit at',
    where: `${where}, emitEvery`,
    expected: 'update or commit',
    received: String(emitEvery),
  })
}

/** Where the updates of the table come out at the time that was asked for. */
export function emitting<K>(at: Place<K>, emitEvery: EmitEvery): Place<K> {
  if (emitEvery === 'update') return at
  const { graph, node, key } = at
  return { ...at, node: graph.add({ kind: 'emit-every-commit', inputs: [node], key: erase(key) }) }
}
