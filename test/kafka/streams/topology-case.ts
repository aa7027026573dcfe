/**
 * A topology, what goes in, and what comes out: the same data for Kafka Streams (driver/TopologyBuilder.java) and for Millrace
 * (run-case.ts). Keys and values are text, a windowed key is `key@start/end`; null is null.
 */
export interface TopologyCase {
  readonly name: string
  readonly topology: readonly Step[]
  readonly input: readonly InputRow[]
}

/**
 * An operator and its arguments, by the names of callbacks.ts where they are functions. It works on what the step before it made,
 * or on what `on` names; `as` gives its own result a name, `with` names the other side.
 */
export type Step = Readonly<Record<string, unknown>> & {
  readonly op: string
  readonly on?: string
  readonly as?: string
  readonly with?: string
}

/** A record as it is fed; a negative timestamp is one that the record's source gave it. */
export type InputRow = readonly [
  topic: string,
  key: string | null,
  value: string | null,
  timestamp: number,
  headers?: Readonly<Record<string, string>>,
]

/** A record that came out, and the number of the input row that it followed from; by topic among those of one input. */
export type OutputRow = readonly [
  input: number,
  topic: string,
  key: string | null,
  value: string | null,
  timestamp: number,
  headers?: Readonly<Record<string, string>>,
]

export interface Outcome {
  readonly output: readonly OutputRow[]
  /** Kafka's `dropped-records-total`, over all tasks. */
  readonly dropped: number
}

/** What is kept of Kafka: the case itself, so that a kept outcome that belongs to another case is found. */
export interface KeptCase extends TopologyCase, Outcome {}

export interface KeptFamily {
  readonly kafka: string
  readonly madeBy: string
  readonly cases: readonly KeptCase[]
}
