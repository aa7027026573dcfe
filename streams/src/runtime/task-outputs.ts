import type { Header, OutgoingBatch, Producer } from '@millrace/core'
import type { SinkSpec } from '../plan/plan.ts'
import type { Output } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'

/**
 * What the sinks of one task write in the open step: encoded at once, kept until the commit takes it.
 *
 * Invariants
 *   W1  Nothing reaches the log before the commit of the step that it belongs to.
 *   W2  One batch a topic and partition and step, in the order in which the topology emitted.
 */
export class TaskOutputs {
  private readonly producer: Producer
  private readonly batches = new Map<string, OutgoingBatch[]>()
  private readonly outputs = new Map<string, Output<unknown, unknown>>()

  constructor(producer: Producer, sinks: readonly SinkSpec[]) {
    this.producer = producer
    for (const sink of sinks) this.outputs.set(sink.name, new SinkOutput(sink, this))
  }

  output(sink: string): Output<unknown, unknown> {
    return this.outputs.get(sink)!
  }

  partitionOf(topic: string, key: Uint8Array | string | null): number {
    return this.producer.partitionOf(topic, key)
  }

  batch(topic: string, partition: number): OutgoingBatch {
    let batches = this.batches.get(topic)
    if (batches === undefined) {
      batches = []
      this.batches.set(topic, batches)
    }
    return (batches[partition] ??= this.producer.batch(topic, partition))
  }

  /** Bytes that wait for the commit. */
  get sizeBytes(): number {
    let bytes = 0
    for (const batches of this.batches.values()) for (const batch of batches) bytes += batch?.sizeBytes ?? 0
    return bytes
  }

  /** Everything written in the step; the next step begins empty. */
  take(): OutgoingBatch[] {
    const taken: OutgoingBatch[] = []
    for (const batches of this.batches.values()) for (const batch of batches) if (batch !== undefined) taken.push(batch)
    this.batches.clear()
    return taken
  }
}

class SinkOutput implements Output<unknown, unknown> {
  private readonly sink: SinkSpec
  private readonly outputs: TaskOutputs

  constructor(sink: SinkSpec, outputs: TaskOutputs) {
    this.sink = sink
    this.outputs = outputs
  }

  append(key: unknown, value: unknown, timestamp: number, headers: readonly Header[]): void {
    const { topic, partitionBy } = this.sink
    const keyBytes = key === null ? null : this.write(this.sink.key, key, 'key')
    const valueBytes = value === null ? null : this.write(this.sink.value, value, 'value')
    const routed = partitionBy === null || key === null ? keyBytes : this.write(partitionBy, key, 'key')
    this.outputs.batch(topic, this.outputs.partitionOf(topic, routed)).append(keyBytes, valueBytes, timestamp, headers)
  }

  private write(serializer: SinkSpec['key'], value: unknown, part: string): Uint8Array | string {
    try {
      return serializer.write(value)
    } catch (cause) {
      throw streamError('VALUE_UNWRITABLE', {
        what: `the ${part} cannot be written by serde ${serializer.name}`,
        where: `sink ${this.sink.topic}`,
        cause,
      })
    }
  }
}
