/**
 * A whole topology over plain maps, in one synchronous loop: the reference for what an application has to write. Each record is
 * followed to its end, through repartition topics too, before the next one is taken.
 */
import type { Topology } from '../graph/topology.ts'
import { layOut, taskId } from '../plan/lay-out.ts'
import type { Plan, SinkSpec, SubTopology } from '../plan/plan.ts'
import { planOf } from '../plan/plan-of.ts'
import type { DropReason, ErrorPolicy } from '../task/task-context.ts'
import { MemoryStreamTime, type MemoryOutput } from './memory-context.ts'
import { MemoryStore } from './memory-stores.ts'
import { MemoryTask, type MemoryInput } from './memory-task.ts'
import { shownRows, type ShownRow } from './shown-rows.ts'

export interface MemoryAppOptions {
  /** Default `memory`. */
  readonly applicationId?: string
  /** Default `fail`. */
  readonly errorPolicy?: ErrorPolicy
  /** Partitions of source topics, and of topics that a sink chooses. Default: 1 each. */
  readonly partitions?: Readonly<Record<string, number>>
  /** The topics that sources by pattern may match. Default: those of `partitions`. */
  readonly topics?: readonly string[]
  /** The partition of a record on its way through a repartition topic. Default: 0. */
  readonly partitionOf?: (key: Uint8Array | string, partitions: number) => number
  /**
   * Records of repartition topics wait, those of a partition in their order, until `deliver` takes the first of the partition that
   * this picks. Default: each is followed at once.
   */
  readonly pick?: (partitions: number) => number
  /** What a sink makes of a row, or why it drops it. Default: the row as it is, nulls too. */
  readonly written?: Written
  /** The wall clock at first. Default 0. */
  readonly nowMs?: number
}

type Written = (row: MemoryOutput, sink: SinkSpec) => MemoryOutput | DropReason

export class MemoryApp {
  readonly plan: Plan
  /** By task id. */
  readonly tasks: ReadonlyMap<string, MemoryTask>
  /** What sinks wrote to topics of the user, in order. */
  readonly outputs: MemoryOutput[] = []
  readonly #counts: ReadonlyMap<string, number>
  readonly #tables: ReadonlyMap<string, MemoryStore<unknown, unknown>>
  readonly #partitionOf: (key: Uint8Array | string, partitions: number) => number
  readonly #pick: ((partitions: number) => number) | null
  /** By `topic/partition`. */
  readonly #waiting = new Map<string, (MemoryInput & { readonly partition: number })[]>()
  readonly #written: Written
  /** Those whose input has not ended, once the end has come; `told`: they wait for calls. */
  readonly #ending = new Map<SubTopology, 'open' | 'told'>()

  constructor(topology: Topology, options: MemoryAppOptions = {}) {
    const { applicationId = 'memory', errorPolicy = 'fail', partitions = {}, partitionOf = () => 0, pick = null } = options
    this.plan = planOf(topology, applicationId, options.topics ?? Object.keys(partitions))
    const sources = new Map(this.plan.sourceTopics.map((topic) => [topic, partitions[topic] ?? 1]))
    const layout = layOut(this.plan, sources)
    this.#counts = new Map([...sources, ...layout.internalTopics.map(({ topic, partitions: count }) => [topic, count] as const)])
    this.#tables = new Map(this.plan.globalTables.map(({ store, key }) => [store, new MemoryStore<unknown, unknown>(store, key)]))
    this.#partitionOf = partitionOf
    this.#pick = pick
    this.#written = options.written ?? ((row) => row)
    this.tasks = new Map(
      layout.tasks.map(({ id, subTopology, partition }) => {
        const parts = {
          subTopology: this.#subTopology(subTopology),
          partition,
          errorPolicy,
          globalStores: this.#tables,
          nowMs: options.nowMs ?? 0,
          partitionsOf: (topic: string) => partitions[topic] ?? 1,
        }
        return [id, new MemoryTask(parts)]
      }),
    )
  }

  /** A record of a source topic or a global table, and everything that follows from it. */
  process(input: MemoryInput & { readonly partition?: number }): void {
    const { topic, partition = 0 } = input
    for (const { store } of this.plan.globalTables.filter((table) => table.topic === topic)) this.#updateTable(store, input)
    const reader = this.plan.subTopologies.find(({ sources }) => sources.some((source) => source.topic === topic))
    if (reader === undefined) return
    this.task(taskId(reader.id, partition)).process(input)
    this.#forward(reader, partition)
  }

  /** The wall clock of all tasks goes on, in one leap, as in Kafka's TopologyTestDriver. */
  advanceWallClock(ms: number): void {
    for (const sub of this.plan.subTopologies) {
      for (let partition = 0; partition < this.#taskCount(sub); partition++) {
        this.task(taskId(sub.id, partition)).advanceWallClock(ms)
        this.#forward(sub, partition)
      }
    }
  }

  /** Takes one record that waits in a repartition topic. False: none does. */
  deliver(): boolean {
    const places = [...this.#waiting.keys()]
    if (places.length === 0) return false
    const place = places[this.#pick!(places.length)]!
    const records = this.#waiting.get(place)!
    const record = records.shift()!
    if (records.length === 0) this.#waiting.delete(place)
    this.process(record)
    return true
  }

  /** As `MemoryTask.settle`, of all tasks: until no call ends any more. */
  async settle(): Promise<void> {
    for (let handled = Infinity; handled > 0;) {
      handled = 0
      for (const sub of this.plan.subTopologies) handled += await this.#settle(sub)
      this.#endSome()
    }
  }

  /**
   * No input comes any more: sub-topologies end after those that write what they read. Where calls to the outside have not ended it goes
   * on with `settle`.
   */
  endOfInput(): void {
    for (const sub of this.plan.subTopologies) this.#ending.set(sub, 'open')
    this.#endSome()
  }

  #endSome(): void {
    for (let next = this.#nextToEnd(); next !== undefined; next = this.#nextToEnd()) {
      if (this.#ending.get(next) === 'open') this.#end(next)
      this.#ending.set(next, 'told')
      if (this.#tasksOf(next).some(({ context }) => context.completions.pending > 0)) return
      this.#ending.delete(next)
    }
  }

  #nextToEnd(): SubTopology | undefined {
    const open = [...this.#ending.keys()]
    return open.find((sub) => this.#writersOf(sub).every((writer) => writer === sub || !this.#ending.has(writer))) ?? open[0]
  }

  async #settle(sub: SubTopology): Promise<number> {
    let handled = 0
    for (let partition = 0; partition < this.#taskCount(sub); partition++) {
      handled += await this.task(taskId(sub.id, partition)).settle()
      this.#forward(sub, partition)
    }
    return handled
  }

  #tasksOf(sub: SubTopology): MemoryTask[] {
    return Array.from({ length: this.#taskCount(sub) }, (_, partition) => this.task(taskId(sub.id, partition)))
  }

  task(id: string): MemoryTask {
    return this.tasks.get(id)!
  }

  /** What a store holds for a user, of all its tasks in their order; undefined: there is none of that name. */
  rowsOf(store: string): readonly (ShownRow & { readonly partition: number })[] | undefined {
    const table = this.#tables.get(store)
    if (table !== undefined) return table.rows().map((row) => ({ ...row, partition: -1 }))
    const owner = this.plan.subTopologies.find(({ stores }) => stores.some(({ name }) => name === store))
    if (owner === undefined) return undefined
    const spec = owner.stores.find(({ name }) => name === store)!
    return this.#tasksOf(owner).flatMap(({ context }) => {
      const passed = context.streamTimes.get(store) ?? new MemoryStreamTime()
      return shownRows(spec, context.rowsOf(store)!, passed).map((row) => ({ ...row, partition: context.partition }))
    })
  }

  close(): void {
    for (const task of this.tasks.values()) task.close()
  }

  #updateTable(store: string, { key, value, timestamp }: MemoryInput): void {
    const table = this.#tables.get(store)!
    if (value === null) table.delete(key, timestamp)
    else table.put(key, value, timestamp)
  }

  #end(sub: SubTopology): void {
    for (let partition = 0; partition < this.#taskCount(sub); partition++) {
      this.task(taskId(sub.id, partition)).endOfInput()
      this.#forward(sub, partition)
    }
  }

  #forward(sub: SubTopology, partition: number): void {
    const task = this.task(taskId(sub.id, partition))
    for (const row of task.take()) {
      const sink = sub.sinks.find(({ name }) => name === row.sink)!
      const output = this.#written(row, sink)
      if (typeof output === 'string') task.context.drop(output)
      else if (sink.internal) this.#pass({ ...output, partition: this.#partition(sink, output) })
      else this.outputs.push(output)
    }
  }

  #pass(input: MemoryInput & { readonly partition: number }): void {
    if (this.#pick === null) return this.process(input)
    const place = `${input.topic}/${input.partition}`
    const records = this.#waiting.get(place)
    if (records === undefined) this.#waiting.set(place, [input])
    else records.push(input)
  }

  #partition({ key, partitionBy, route, topic }: SinkSpec, output: MemoryOutput): number {
    if (output.key === null) return 0
    const routed = route === null ? null : route(output.key, output.value)
    if (typeof routed === 'number') return routed
    return this.#partitionOf(routed ?? (partitionBy ?? key).write(output.key), this.#counts.get(topic!)!)
  }

  #writersOf(sub: SubTopology): readonly SubTopology[] {
    const topics = this.plan.internalTopics.filter((topic) => topic.kind === 'repartition' && topic.reader === sub.id)
    return topics.flatMap((topic) => (topic.kind === 'repartition' ? topic.writers.map((id) => this.#subTopology(id)) : []))
  }

  #subTopology(id: number): SubTopology {
    return this.plan.subTopologies[id]!
  }

  #taskCount({ sources }: SubTopology): number {
    return Math.max(...sources.map(({ topic }) => this.#counts.get(topic)!))
  }
}
