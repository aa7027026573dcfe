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

  /**
   * An event that no record caused. It has nothing of the record before it: after a crash the same event may come after
   * another one, and what is written must not tell.
   */
  setEvent(partition: number): void {
    this.topic = ''
    this.partition = partition
    this.offset = -1
    this.timestamp = -1
    this.headers = noHeaders
  }
}

/** What user code sees of the record it works on. Valid only during the call. */
export type Meta = Readonly<Pick<RecordContext, 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers'>>
