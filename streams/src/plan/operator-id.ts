/** Stream times are committed in the metadata of an offset (runtime/offset-metadata.ts), which has little room: names go as numbers. */
import { crc32c } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'
import type { SubTopology } from './plan.ts'

/** So many fit into 4,096 characters, whatever their times. */
export const maxStreamTimes = 150

/** The number of an operator that keeps a stream time, from the name of its store. */
export function operatorId(store: string): number {
  return crc32c(Buffer.from(store))
}

/** @throws TOPOLOGY_INVALID when a task could not commit its stream times. */
export function checkStreamTimes({ id, streamTimes }: SubTopology): void {
  if (streamTimes.length > maxStreamTimes) {
    throw streamError('TOPOLOGY_INVALID', {
      what: 'a sub-topology has more windowed operators than can commit their times; put a repartition between them',
      where: `sub-topology ${id}`,
      expected: `at most ${maxStreamTimes}`,
      received: streamTimes.length,
    })
  }
  const byId = new Map<number, string>()
  for (const store of streamTimes) {
    const other = byId.get(operatorId(store))
    if (other !== undefined) {
      const what = 'two windowed operators of a sub-topology have names with the same checksum; rename one of their stores'
      throw streamError('TOPOLOGY_INVALID', { what, where: `${other}, ${store}` })
    }
    byId.set(operatorId(store), store)
  }
}
