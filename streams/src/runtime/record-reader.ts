import type { ConsumedRecord } from '@millrace/core'
import type { SourceSpec } from '../plan/plan.ts'
import { Rec } from '../task/rec.ts'
import { streamError } from '../time/stream-errors.ts'
import { messageOf, placeIn } from './explain.ts'
import type { InputQueue } from './input-queue.ts'
import type { LiveContext } from './live-context.ts'
import { extractedTime } from './record-times.ts'

/** Makes the records of a task's inputs what its topology takes: decoded, with their times. */
export class RecordReader {
  private readonly sources: ReadonlyMap<string, SourceSpec>
  private readonly context: LiveContext

  constructor(sources: readonly SourceSpec[], context: LiveContext) {
    this.sources = new Map(sources.map((source) => [source.topic, source]))
    this.context = context
  }

  /** Everything emitted from now on belongs to this record. */
  set(input: InputQueue, raw: ConsumedRecord): void {
    const { record } = this.context
    record.topic = input.topic
    record.partition = input.partition
    record.offset = raw.offset
    record.timestamp = raw.timestamp
    record.headers = raw.headers
  }

  /** Null: dropped and counted. */
  read(topic: string, { key, value, timestamp }: ConsumedRecord): Rec | null {
    const source = this.sources.get(topic)!
    this.context.node = source.node
    if (key === null && source.key.nullable !== true) return this.drop('null-key')
    if (value === null && source.value.nullable !== true) return this.drop('null-value')
    if (timestamp < 0 && !source.timestamp) return this.undecodable('it has no timestamp')
    let decodedKey: unknown
    let decodedValue: unknown
    try {
      decodedKey = key === null ? null : source.key.read(key)
      decodedValue = value === null ? null : source.value.read(value)
    } catch (cause) {
      return this.undecodable(`serdes ${source.key.name} and ${source.value.name}: ${messageOf(cause)}`, cause)
    }
    const time = source.timestamp ? this.extract(source, decodedValue, decodedKey) : timestamp
    return time === null ? null : new Rec(decodedKey, decodedValue, time)
  }

  /** Null: dropped and counted. */
  private extract(source: SourceSpec, value: unknown, key: unknown): number | null {
    const { context } = this
    try {
      const time = extractedTime(source, value, key, context.record)
      if (time >= 0) {
        context.record.timestamp = time
        return time
      }
      context.drop('no-timestamp', context.node)
    } catch (error) {
      if (context.errorPolicy === 'fail') throw error
      context.failed(error)
    }
    return null
  }

  private drop(reason: 'null-key' | 'null-value'): null {
    this.context.drop(reason, this.context.node)
    return null
  }

  private undecodable(why: string, cause?: unknown): null {
    const { context } = this
    const error = streamError('VALUE_UNREADABLE', { what: `a record cannot be read: ${why}`, where: placeIn(context), cause })
    context.faults.unread(error, context.node)
    return null
  }
}
