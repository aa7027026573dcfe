import { nodeWorld, noHeaders, type Header } from '@millrace/core'
import { buildTopology, type TaskTopology } from '../operators/build-topology.ts'
import type { SourceSpec } from '../plan/plan.ts'
import { extractedTime } from '../runtime/record-times.ts'
import { guarded, skipped } from '../rx/guarded.ts'
import { Rec } from '../task/rec.ts'
import { MemoryContext, type MemoryContextOptions, type MemoryOutput } from './memory-context.ts'

/** A record as it comes to a task, decoded. */
export interface MemoryInput {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** Default: the number of records before it. */
  readonly offset?: number
  readonly headers?: readonly Header[]
}

/** The real operators of one task over plain maps, in one synchronous loop. */
export class MemoryTask {
  readonly context: MemoryContext
  readonly #topology: TaskTopology
  readonly #sources: readonly SourceSpec[]
  #offset = 0
  #taken = 0

  constructor(options: MemoryContextOptions) {
    this.context = new MemoryContext(options)
    this.#sources = options.subTopology.sources
    this.#topology = buildTopology(options.subTopology, this.context)
    this.context.punctuators.opened()
  }

  /** One record, and the windows and punctuations that are due after it. @throws what user code throws under the policy `fail` */
  process({ topic, key, value, timestamp, offset = this.#offset, headers = noHeaders }: MemoryInput): void {
    this.#offset = offset + 1
    Object.assign(this.context.record, { topic, partition: this.context.partition, offset, timestamp, headers })
    const time = this.#timeOf(topic, key, value, timestamp)
    if (time === null) return
    this.context.record.timestamp = time
    this.context.punctuators.advance(time)
    this.#topology.source(topic).next(new Rec(key, value, time))
    this.context.runDue()
  }

  /** Null: dropped and counted. */
  #timeOf(topic: string, key: unknown, value: unknown, timestamp: number): number | null {
    const source = this.#sources.find((one) => one.topic === topic)
    if (!source?.timestamp) return timestamp
    this.context.node = source.node
    const time = guarded(extractedTime, this.context)(source, value, key, this.context.record)
    if (time === skipped) return null
    if (time < 0) this.context.drop('no-timestamp')
    return time < 0 ? null : time
  }

  /** The wall clock goes on, in one leap: a schedule fires once, however many ticks lie in it. */
  advanceWallClock(ms: number): void {
    this.context.advanceWallClock(ms)
    this.context.runDue()
  }

  /** No input comes any more: what is open is closed. Behind calls to the outside it goes on with `settle`. */
  endOfInput(): void {
    this.context.endOfInput()
  }

  /**
   * Lets promises that are resolved get to their calls, and handles the calls that have ended, until no more of them do. A call that
   * waits for something of this machine, or for the wall clock of this task, is not waited for. Returns how many it handled.
   */
  async settle(): Promise<number> {
    const { clock } = nodeWorld()
    let handled = 0
    for (await clock.turn(); this.context.completions.hasArrived; await clock.turn()) handled += this.context.complete()
    return handled
  }

  /** What sinks were given since the last call. */
  take(): readonly MemoryOutput[] {
    const taken = this.context.outputs.slice(this.#taken)
    this.#taken = this.context.outputs.length
    return taken
  }

  close(): void {
    this.#topology.close()
  }
}
