import { noHeaders, type Header } from '@millrace/core'

/**
 * The input record that everything emitted now belongs to. The loop sets it before it hands a record to the topology, and
 * for its other events (a closed window, the end of the input). One object a task, reused: nobody keeps it.
 */
export class RecordContext {
  topic: string = ''
  partition: number = -1
  /** -1 for an event that no record caused. */
  offset: number = -1
  /** Milliseconds since 1970: of the input record, or of the record that a node passes to user code. */
  timestamp: number = -1
  headers: readonly Header[] = noHeaders
}

/** What user code sees of the record it works on. Valid only during the call. */
export type Meta = Readonly<Pick<RecordContext, 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers'>>
