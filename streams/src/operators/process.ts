/**
 * One processor of the user's in one task (KIP-820), and the context that it is given.
 *
 * Invariants
 *   P1  It forwards, stores and schedules only while a record or a punctuation is at hand: what it emits belongs to that event.
 *   P2  The error policy is about the processor's own code. What fails behind it or in a store goes to the loop, also where the
 *       processor caught it: the step must not go on.
 *   P3  What was forwarded before the processor failed has gone on: it is what other branches did (KIP-1033).
 *   P4  A scan is asked for, and its rows come as part of the same event (task/scans.ts): with its record, under the same policy.
 *       Nothing else may be waited for, so that the order of what a processor does is that of its input.
 *   P5  Behind `forward` the record has the timestamp and headers it was forwarded with, and before and after it its own.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { emitter } from '../rx/operator.ts'
import type { PunctuationType } from '../task/punctuators.ts'
import { Rec } from '../task/rec.ts'
import type { Meta, RecordContext } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { checkCount, checkFunctions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { FixedKey } from './fixed-key.ts'
import { forwardedIn, noRecord, type Forwarded } from './forwarded.ts'
import type { OperatorNode } from './node.ts'
import { openStore, type OpenedStore, type ProcessorStore } from './open-store.ts'
import { eventOf, ProcessorScan, type AskedEvent, type AskedScan, type ScanUser } from './processor-scans.ts'
import type { StoreUser } from './processor-stores.ts'

export interface ProcessNode extends OperatorNode {
  readonly kind: 'process'
  readonly fixedKey: boolean
  readonly stateStores: readonly ProcessorStore[]
  readonly open: (context: never) => UserProcessor
}

interface UserProcessor {
  process(record: never): unknown
  close?(): void
}

/** What this operator needs of the topology that it stands in. */
export interface ProcessPlace {
  /** The way to the node of this name behind it. */
  childOf(name: string): Subscriber<Rec> | undefined
  /** Runs when the task is closed. */
  opened(close: () => void): void
}

/** @throws USER_CODE_FAILED when `open` throws */
export function process(node: ProcessNode, context: TaskContext, place: ProcessPlace): OperatorFunction<Rec, Rec> {
  const host = new ProcessorHost(node, context, place)
  return emitter(
    (rec) => host.take(rec),
    (out) => host.openOnto(out),
  )
}

class ProcessorHost implements StoreUser, ScanUser {
  readonly #node: ProcessNode
  readonly #context: TaskContext
  readonly #record: RecordContext
  readonly #place: ProcessPlace
  readonly #stores: ReadonlyMap<string, OpenedStore>
  #out: Subscriber<Rec> | undefined
  #processor: UserProcessor | undefined
  readonly #process = (record: unknown): unknown => this.#processor!.process(record as never)
  #phase: 'opening' | 'idle' | 'active' | 'closed' = 'opening'
  /** What failed behind the processor or in a store, on its way to the loop. */
  #passing: { readonly error: unknown } | undefined

  constructor(node: ProcessNode, context: TaskContext, place: ProcessPlace) {
    this.#node = node
    this.#context = context
    this.#record = context.record
    this.#place = place
    this.#stores = new Map(node.stateStores.map((store) => [store.name, openStore(store, context, this)]))
    if (this.#stores.size > 0) context.scans.areUsed = true
  }

  openOnto(out: Subscriber<Rec>): void {
    this.#out = out
    this.#processor = this.#open()
    this.#phase = 'idle'
    this.#place.opened(() => this.#close())
  }

  #open(): UserProcessor {
    const { open, name } = this.#node
    try {
      const processor = open(new Access(this) as never) as Partial<UserProcessor> | undefined
      checkFunctions(`open of ${name}`, { process: processor?.process })
      return processor as UserProcessor
    } catch (cause) {
      const what = `open of a processor failed: ${cause instanceof Error ? cause.message : String(cause)}`
      throw streamError('USER_CODE_FAILED', { what, where: `${name}, task ${this.#context.taskId}`, cause })
    }
  }

  take({ key, value, timestamp }: Rec): void {
    const { headers } = this.#record
    this.#record.timestamp = timestamp
    const record = this.#node.fixedKey ? new FixedKey(key, value, timestamp, headers) : { key, value, timestamp, headers }
    this.#run(this.#process, record)
  }

  #punctuate(callback: (timestamp: number) => unknown, timestamp: number): void {
    this.#record.setEvent(this.#context.partition)
    this.#record.timestamp = timestamp
    this.#run(callback, timestamp)
  }

  /** User code under the error policy (P2). False: what failed is left out. */
  #run<A>(call: (argument: A) => unknown, argument: A): boolean {
    this.#context.node = this.#node.name
    this.#phase = 'active'
    this.#passing = undefined
    let ran = false
    try {
      const result = call(argument)
      if (result !== undefined) this.#checkDone(result)
      ran = true
    } catch (error) {
      this.#throwPassing()
      if (this.#context.errorPolicy === 'fail') throw error
      this.#context.failed(error)
    } finally {
      this.#phase = 'idle'
    }
    this.#throwPassing()
    return ran
  }

  /** Asks for rows: what they are, the task reads when the event is done. */
  scan(given: unknown, range: unknown, each: unknown, done: unknown): void {
    this.checkActive('scan')
    const { name } = this.#declared(given)
    const where = `scan of ${name} in ${this.#node.name}`
    checkFunctions(where, done === undefined ? { each } : { each, done })
    const view = this.#stores.get(name)!.scanOf(where, range)
    const asked = { ...view, each, done } as AskedScan
    const event = eventOf(this.#record, this.#context.punctuators.isByClock)
    this.#context.scans.ask(new ProcessorScan(name, asked, this, event))
  }

  inEvent({ isByClock, ...meta }: AskedEvent, call: () => unknown): boolean {
    if (this.#phase === 'closed') return false
    const { punctuators } = this.#context
    Object.assign(this.#record, meta)
    punctuators.isByClock = isByClock
    const ran = this.#run(call, undefined)
    punctuators.isByClock = false
    return ran
  }

  #throwPassing(): void {
    if (this.#passing !== undefined) throw this.#passing.error
  }

  #checkDone(result: unknown): void {
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return
    void Promise.resolve(result as PromiseLike<unknown>).catch(() => {
      // That it is a promise is reported.
    })
    const what =
      'a processor gave a promise: it must be done when it returns; context.scan(...) reads ranges, calls to the outside are for mapAsync'
    throw streamError('USER_CODE_FAILED', { what, where: this.#node.name })
  }

  forward(given: unknown, child: unknown): void {
    this.checkActive('forward')
    const { key, value, timestamp, headers } = this.#checked(given)
    const way = child === undefined ? this.#out! : this.#childOf(child)
    const record = this.#record
    const before = { timestamp: record.timestamp, headers: record.headers }
    record.headers = headers
    try {
      way.next(new Rec(key, value, timestamp))
    } catch (error) {
      throw this.passing(error)
    }
    this.#context.node = this.#node.name
    Object.assign(record, before)
  }

  #checked(given: unknown): Forwarded {
    const { name, fixedKey } = this.#node
    if (fixedKey && !(given instanceof FixedKey)) {
      throw noRecord(name, 'a record that the processor was given, changed by withValue(...)', given)
    }
    return forwardedIn(given, this.#record, name)
  }

  #childOf(child: unknown): Subscriber<Rec> {
    const way = this.#place.childOf(child as string)
    if (way !== undefined) return way
    throw streamError('CHILD_UNKNOWN', {
      what: 'nothing of this name stands behind the processor',
      where: this.#node.name,
      received: String(child),
    })
  }

  schedule(intervalMs: number, type: PunctuationType, punctuate: (timestamp: number) => unknown): { cancel(): void } {
    const where = `schedule in ${this.#node.name}`
    checkCount(`${where}, interval`, intervalMs)
    checkFunctions(where, { punctuate })
    if (type !== 'stream-time' && type !== 'wall-clock') {
      throw streamError('INVALID_STREAM_OPTION', {
        what: 'not a type of punctuation',
        where,
        expected: 'stream-time or wall-clock',
        received: String(type),
      })
    }
    if (this.#phase !== 'opening') this.checkActive('schedule')
    return this.#context.punctuators.schedule(type, intervalMs, (timestamp) => this.#punctuate(punctuate, timestamp))
  }

  store(given: unknown): unknown {
    return this.#stores.get(this.#declared(given).name)!.store
  }

  #declared(given: unknown): ProcessorStore {
    const declared = this.#node.stateStores.find((store) => store === given || store.name === given)
    if (declared !== undefined) return declared
    const name = typeof given === 'string' ? given : (given as { readonly name?: unknown } | undefined)?.name
    throw streamError('STORE_UNKNOWN', {
      what: 'a processor asks for a store that is not among its `stores`',
      where: `${this.#node.name}, task ${this.#context.taskId}`,
      expected: [...this.#stores.keys()].join(', ') || 'none',
      received: String(name),
    })
  }

  get context(): TaskContext {
    return this.#context
  }

  get timestamp(): number {
    return this.#record.timestamp
  }

  get streamTime(): number {
    return this.#context.punctuators.streamTime
  }

  expired(): void {
    this.#context.drop('expired', this.#node.name)
  }

  passing(error: unknown): unknown {
    this.#passing ??= { error }
    return error
  }

  checkActive(what: string): void {
    if (this.#phase === 'active') return
    throw streamError('PROCESSOR_INACTIVE', { what: `${what} while no record or punctuation is at hand`, where: this.#node.name })
  }

  #close(): void {
    this.#phase = 'closed'
    this.#processor?.close?.()
  }
}

/** What user code holds: nothing of the host but this. Its methods may be taken off. */
class Access {
  readonly taskId: string
  readonly partition: number
  readonly meta: Meta
  readonly forward: (record: unknown, child?: unknown) => void
  readonly store: (given: unknown) => unknown
  readonly schedule: ProcessorHost['schedule']
  readonly scan: ProcessorHost['scan']
  readonly commit: () => void
  readonly #host: ProcessorHost

  constructor(host: ProcessorHost) {
    const { context } = host
    this.#host = host
    this.taskId = context.taskId
    this.partition = context.partition
    this.meta = context.record
    this.forward = (record, child) => host.forward(record, child)
    this.store = (given) => host.store(given)
    this.schedule = (intervalMs, type, punctuate) => host.schedule(intervalMs, type, punctuate)
    this.scan = (given, range, each, done) => host.scan(given, range, each, done)
    this.commit = () => context.requestCommit()
  }

  get currentStreamTime(): number {
    return this.#host.streamTime
  }

  get currentSystemTime(): number {
    return this.#host.context.punctuators.systemTime
  }
}
