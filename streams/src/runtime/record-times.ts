import type { ConsumedRecord } from '@millrace/core'
import type { Meta } from '../graph/callbacks.ts'
import type { SourceSpec } from '../plan/plan.ts'
import { streamError } from '../time/stream-errors.ts'
import type { InputQueue } from './input-queue.ts'

/**
 * The time that a source's own extractor gives a record; below 0: none.
 * @throws RECORD_INVALID, and what user code throws
 */
export function extractedTime({ node, timestamp }: SourceSpec, value: unknown, key: unknown, meta: Meta): number {
  const time = timestamp!(value, key, meta)
  if (Number.isSafeInteger(time)) return time
  throw streamError('RECORD_INVALID', {
    what: 'a timestamp extractor gave what is no time',
    where: node,
    expected: 'milliseconds since 1970, a whole number',
    received: String(time),
  })
}

/** The time by which a task chooses among the heads of its inputs. */
export type TimeOfHead = (input: InputQueue, head: ConsumedRecord) => number

/** Null: the log's own. Each head is looked at once. */
export function timesOfHeads(sources: readonly SourceSpec[], inputs: readonly InputQueue[]): TimeOfHead | null {
  const extracting = new Map(sources.flatMap((source) => (source.timestamp ? [[source.topic, source] as const] : [])))
  if (inputs.length < 2 || extracting.size === 0) return null
  const heads = new HeadTimes()
  return (input, head) => {
    const source = extracting.get(input.topic)
    return source === undefined ? head.timestamp : heads.of(input, head, source)
  }
}

class HeadTimes {
  private readonly heads = new Map<InputQueue, { readonly raw: ConsumedRecord; readonly time: number }>()

  /** Where the record cannot be read, or its time is none, the log's own stands in: what is wrong shows when it is taken. */
  of(input: InputQueue, raw: ConsumedRecord, source: SourceSpec): number {
    const head = this.heads.get(input)
    if (head?.raw === raw) return head.time
    const time = timeOf(input, raw, source)
    this.heads.set(input, { raw, time })
    return time
  }
}

function timeOf({ topic, partition }: InputQueue, raw: ConsumedRecord, source: SourceSpec): number {
  const { key, value, offset, timestamp, headers } = raw
  try {
    const decodedKey = key === null ? null : source.key.read(key)
    const decodedValue = value === null ? null : source.value.read(value)
    const time = extractedTime(source, decodedValue, decodedKey, { topic, partition, offset, timestamp, headers })
    return time < 0 ? timestamp : time
  } catch {
    return timestamp
  }
}
