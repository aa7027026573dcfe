import type { Serializer } from '@millrace/core'

/** A file that fills a topic, line by line. A line is known by its number, so that reading can go on at any of them. */
export interface Source<V> {
  readonly topic: string
  /** Its name, without the folder. */
  readonly file: string
  readonly lines: number
  readonly value: Serializer<V>
  /** The lines from this number on (the first is 0), in blocks, so that not each one is waited for. A block is read once. */
  readonly from: (line: number) => AsyncIterable<Iterable<Line<V>>>
}

/** A line of a file, as the record it becomes. */
export interface Line<V> {
  readonly key: string
  readonly value: V
  /** Milliseconds since 1970. */
  readonly timestamp: number
}
