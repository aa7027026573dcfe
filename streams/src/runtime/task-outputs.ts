import { MillraceError, type Header, type OutgoingBatch, type Producer, type Serializer } from '@millrace/core'
import type { SinkSpec } from '../plan/plan.ts'
import type { DropReason, ErrorPolicy, Output, Route } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import { messageOf } from './explain.ts'

/** What a sink needs of its task. */
export interface SinkContext {
  /** `skip`: it asks what becomes of a record that cannot be written. */
  readonly writePolicy: ErrorPolicy
  readonly node: string
  drop(reason: DropReason, node: string): void
  unwritten(error: unknown): void
}

/** What a sink has written to one topic, in steps that were committed or not. */
export interface Produced {
  readonly sink: string
  readonly topic: string
  records: number
  bytes: number
}

/**
 * What the sinks of one task write in the open step: encoded at once, kept until the commit takes it.
 *
 * Invariants
 *   W1  Nothing reaches the log before the commit of the step that it belongs to.
 *   W2  One batch a topic and partition and step, in the order in which the topology emitted.
 *   W3  A record is in its batch whole or not at all.
 */
export class TaskOutputs {
  private readonly producer: Producer
  private readonly writable: ReadonlyMap<string, number>
  private readonly sinks: ReadonlyMap<string, SinkSpec>
  private readonly batches = new Map<string, OutgoingBatch[]>()
  private bytes = 0
  /** A topic that records choose is there from the first of them on. */
  readonly produced: Produced[] = []

  /** @param writable partition counts of the topics of users */
  constructor(producer: Producer, sinks: readonly SinkSpec[], writable: ReadonlyMap<string, number>) {
    this.producer = producer
    this.writable = writable
    this.sinks = new Map(sinks.map((sink) => [sink.name, sink]))
  }

  output(sink: string, context: SinkContext): Output<unknown, unknown> {
    return new SinkOutput(this.sinks.get(sink)!, this, context)
  }

  /** Counts for a sink and topic. */
  count(sink: string, topic: string): Produced {
    const produced = { sink, topic, records: 0, bytes: 0 }
    this.produced.push(produced)
    return produced
  }

  partitionOf(topic: string, key: Uint8Array | string | null): number {
    return this.producer.partitionOf(topic, key)
  }

  partitions(topic: string): number | null {
    return this.writable.get(topic) ?? null
  }

  /** Returns by how many bytes the batch has grown. @throws RECORD_TOO_LARGE; the batch is then as before. */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    timestamp: number,
    headers: readonly Header[],
  ): number {
    const batch = this.batch(topic, partition)
    const before = batch.sizeBytes
    batch.append(key, value, timestamp, headers)
    const grown = batch.sizeBytes - before
    this.bytes += grown
    return grown
  }

  private batch(topic: string, partition: number): OutgoingBatch {
    let batches = this.batches.get(topic)
    if (batches === undefined) {
      batches = []
      this.batches.set(topic, batches)
    }
    return (batches[partition] ??= this.producer.batch(topic, partition))
  }

  /** Bytes that wait for the commit. */
  get sizeBytes(): number {
    return this.bytes
  }

  /** Everything written in the step; the next step begins empty. */
  take(): OutgoingBatch[] {
    const taken: OutgoingBatch[] = []
    for (const batches of this.batches.values())
      for (const batch of batches) if (batch !== undefined && batch.count > 0) taken.push(batch)
    this.batches.clear()
    this.bytes = 0
    return taken
  }
}

/** A null that the serializer cannot hold is dropped; what it cannot write is the error policy's business. */
class SinkOutput implements Output<unknown, unknown> {
  private readonly sink: SinkSpec
  private readonly outputs: TaskOutputs
  private readonly context: SinkContext
  /** Of the topic that was written last: mostly there is one. */
  private produced: Produced | null

  constructor(sink: SinkSpec, outputs: TaskOutputs, context: SinkContext) {
    this.sink = sink
    this.outputs = outputs
    this.context = context
    this.produced = sink.topic === null ? null : outputs.count(sink.name, sink.topic)
  }

  partitions(topic: string): number | null {
    return this.outputs.partitions(topic)
  }

  append(key: unknown, value: unknown, timestamp: number, headers: readonly Header[], route?: Route): void {
    if (key === null && this.sink.key.nullable !== true) return this.context.drop('null-key', this.context.node)
    if (value === null && this.sink.value.nullable !== true) return this.context.drop('null-value', this.context.node)
    if (this.context.writePolicy === 'fail') return this.write(key, value, timestamp, headers, route)
    try {
      this.write(key, value, timestamp, headers, route)
    } catch (error) {
      if (!isOfTheRecord(error)) throw error
      this.context.unwritten(error)
    }
  }

  private write(key: unknown, value: unknown, timestamp: number, headers: readonly Header[], chosen?: Route): void {
    const topic = chosen === undefined ? this.sink.topic! : chosen.topic
    const keyBytes = key === null ? null : this.serialize(this.sink.key, key, 'key')
    const valueBytes = value === null ? null : this.serialize(this.sink.value, value, 'value')
    const partitions = chosen?.partitions ?? [this.partition(topic, key, value, keyBytes)]
    const produced = this.producedTo(topic)
    for (const partition of partitions) {
      produced.bytes += this.outputs.append(topic, partition, keyBytes, valueBytes, timestamp, headers)
      produced.records++
    }
  }

  private producedTo(topic: string): Produced {
    if (this.produced?.topic === topic) return this.produced
    const { sink, outputs } = this
    const known = outputs.produced.find((one) => one.sink === sink.name && one.topic === topic)
    this.produced = known ?? outputs.count(sink.name, topic)
    return this.produced
  }

  private partition(topic: string, key: unknown, value: unknown, keyBytes: Uint8Array | string | null): number {
    const { partitionBy, route } = this.sink
    const routed = route === null ? null : route(key, value)
    if (typeof routed === 'number') return routed
    if (routed !== null) return this.outputs.partitionOf(topic, routed)
    const deciding = partitionBy === null || key === null ? keyBytes : this.serialize(partitionBy, key, 'key')
    return this.outputs.partitionOf(topic, deciding)
  }

  private serialize(serializer: Serializer<unknown>, value: unknown, part: string): Uint8Array | string {
    try {
      return serializer.write(value)
    } catch (cause) {
      throw streamError('VALUE_UNWRITABLE', {
        what: `the ${part} cannot be written by serde ${serializer.name}: ${messageOf(cause)}`,
        where: `sink ${this.sink.topic ?? this.sink.name}`,
        cause,
      })
    }
  }
}

/** The record is what is wrong, and not the topic, the log or we. */
function isOfTheRecord(error: unknown): boolean {
  return error instanceof MillraceError && (error.code === 'VALUE_UNWRITABLE' || error.code === 'RECORD_TOO_LARGE')
}
