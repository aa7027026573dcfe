import { streamError } from '../time/stream-errors.ts'

/** The other side is none, or a part of another topology. */
export function foreign(where: string): Error {
  return streamError('TOPOLOGY_INVALID', { what: 'the other side was not made by the same StreamsBuilder', where })
}
