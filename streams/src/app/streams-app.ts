import { MillraceError } from '@millrace/core'
import type { Topology } from '../graph/topology.ts'
import { planOf } from '../plan/plan-of.ts'
import type { Plan } from '../plan/plan.ts'
import { DropCounts } from '../runtime/drop-counts.ts'
import { messageOf } from '../runtime/explain.ts'
import { Instance, type InstanceOptions } from '../runtime/instance.ts'
import { Loop } from '../runtime/loop.ts'
import { StepLimits } from '../runtime/step-limits.ts'
import type { DropReason } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import { AppLife, type AppState, type StateListener } from './app-state.ts'
import { Pause } from './pause.ts'
import { QueriedStores, type QueryOptions } from './queried-stores.ts'
import { checkNames, resolveOptions, type ResolvedStreamsOptions } from './resolve-options.ts'
import { Restarts } from './restarts.ts'
import { openStateDirectory, type StateDirectory } from './state-directory.ts'
import type { KeyValueQueries, WindowQueries } from './store-queries.ts'
import type { StreamsOptions } from './streams-options.ts'

/**
 * A topology that runs: reads its topics, keeps its stores, and writes everything exactly once.
 *
 * ```ts
 * await using app = new StreamsApp(builder.build(), { applicationId: 'orders', log, stateDir: './data/state' })
 * await app.start()
 * ```
 *
 * Invariants
 *   A1  After an error nothing of the open step is kept: everything is opened again at what is committed, or the application fails.
 *   A2  A failure is never silent: `start` or `finished` rejects with it, or `close` where nobody asked for `finished`.
 *   A3  When `close` resolves nothing runs any more, and the state directory is free.
 */
export class StreamsApp implements AsyncDisposable {
  private readonly options: ResolvedStreamsOptions
  private readonly topology: Topology
  /** Sources by pattern have no topics in it before the start. */
  private plan: Plan
  private readonly life = new AppLife()
  private readonly drops = new DropCounts()
  private readonly limits: StepLimits
  private readonly restarts: Restarts
  private readonly pause: Pause
  private readonly end = Promise.withResolvers<void>()
  private starting: Promise<boolean> = Promise.resolve(false)
  private running: Promise<void> = Promise.resolve()
  private closing: Promise<void> | null = null
  private loop: Loop | null = null
  /** The incarnation that runs now. */
  private instance: Instance | null = null
  private readonly queries: QueriedStores
  private directory: StateDirectory | null = null
  private failure: { readonly error: MillraceError } | null = null
  /** Somebody hears of a failure. */
  private isWatched = false

  /** @throws INVALID_STREAM_OPTION, TOPOLOGY_* */
  constructor(topology: Topology, options: StreamsOptions) {
    checkNames(topology, options)
    this.topology = topology
    this.plan = planOf(topology, options.applicationId)
    this.options = resolveOptions(options, this.plan)
    this.queries = new QueriedStores(this.plan, () => this.instance)
    this.limits = new StepLimits(this.options.maxUncommittedBytes)
    this.restarts = new Restarts(this.limits)
    this.pause = new Pause(this.options.world.clock)
    this.end.promise.catch(() => {
      // Whoever asks for `finished` gets it; where nobody does, `close` throws.
    })
  }

  /** Settles when a bounded application has ended or the application was closed; rejects with the error that stopped it. */
  get finished(): Promise<void> {
    this.isWatched = true
    return this.end.promise
  }

  get state(): AppState {
    return this.life.current
  }

  /** Records that did not go on, by reason, since this object was made. Those of a step count with its commit. */
  get dropped(): Readonly<Partial<Record<DropReason, number>>> {
    return this.drops.snapshot()
  }

  /**
   * A read-only view of a key-value store, or of a global table: what is committed. It may be taken at any time; its queries work while
   * the application runs. `K` and `V` are those of the store.
   * @throws STORE_UNKNOWN, INVALID_STREAM_OPTION
   */
  keyValueStore<K, V>(name: string, options?: QueryOptions): KeyValueQueries<K, V> {
    return this.queries.keyValue(name, options)
  }

  /** The same of a window store. @throws as `keyValueStore` */
  windowStore<K, V>(name: string, options?: QueryOptions): WindowQueries<K, V> {
    return this.queries.windows(name, options)
  }

  /** Calls back at every change of state; returns the way to stop that. */
  onState(listener: StateListener): () => void {
    return this.life.listen(listener)
  }

  /**
   * Opens every task where it was left, and begins to process. Resolves when the application runs.
   * @throws SOURCE_TOPIC_MISSING, SINK_TOPIC_MISSING, PARTITIONS_DIFFER, STATE_DIRECTORY_LOCKED, STATE_DIRECTORY_UNUSABLE,
   * COMMIT_UNREADABLE, APP_STATE (started before, or closed meanwhile), and what the log throws
   */
  async start(): Promise<void> {
    this.life.to('starting')
    this.starting = this.open()
    if (!(await this.starting)) throw streamError('APP_STATE', { what: 'the application was closed while it started' })
  }

  /** False: it was closed meanwhile. */
  private async open(): Promise<boolean> {
    try {
      const { world, stateDir } = this.options
      if (stateDir !== null) this.directory = await openStateDirectory(world, stateDir, this.plan.applicationId)
      await this.matchTopics()
      const instance = await Instance.open(this.instanceOptions())
      if (this.life.isClosing) {
        await instance.close()
        return false
      }
      this.life.to('running')
      this.running = this.run(instance)
      return true
    } catch (cause) {
      this.isWatched = true
      this.release()
      throw this.fail(cause)
    }
  }

  /** Once a start: restarts after an error read the same topics. */
  private async matchTopics(): Promise<void> {
    if (!this.topology.hasPatterns) return
    this.plan = planOf(this.topology, this.plan.applicationId, await this.options.log.admin.listTopics())
  }

  private instanceOptions(): InstanceOptions {
    const { plan, drops, limits, directory } = this
    const stateFolder = directory?.folder ?? ''
    const transactionalId = `${plan.applicationId}-${directory?.instanceId ?? 'main'}`
    return { ...this.options, plan, drops, limits, stateFolder, transactionalId }
  }

  private async run(first: Instance): Promise<void> {
    let instance: Instance | null = first
    for (;;) {
      try {
        instance ??= await this.reopen()
        await this.runOnce(instance)
        return this.end.resolve()
      } catch (error) {
        instance = null
        const delayMs = this.life.isClosing ? null : this.restarts.delayAfter(error)
        if (delayMs === null) return void this.fail(error)
        if (!(await this.mayReopen(delayMs))) return this.end.resolve()
      }
    }
  }

  /** Ended or stopped, everything is closed. */
  private async runOnce(instance: Instance): Promise<void> {
    const { world, commitIntervalMs, bounded } = this.options
    this.loop = new Loop(instance, { clock: world.clock, commitIntervalMs, bounded, onCommit: () => this.restarts.committed() })
    if (this.life.isClosing) this.loop.stop()
    this.instance = instance
    try {
      const outcome = await this.loop.run()
      this.instance = null
      await instance.close()
      if (outcome === 'ended' && !this.life.isClosing) this.life.to('ended')
    } catch (error) {
      this.instance = null
      await instance.abandon()
      throw error
    }
  }

  /** False: it was closed meanwhile. */
  private async mayReopen(delayMs: number): Promise<boolean> {
    this.life.to('restarting')
    await this.pause.wait(delayMs)
    if (this.life.isClosing) return false
    this.life.to('starting')
    return true
  }

  private async reopen(): Promise<Instance> {
    const instance = await Instance.open(this.instanceOptions())
    if (!this.life.isClosing) this.life.to('running')
    return instance
  }

  private fail(cause: unknown): MillraceError {
    const error = cause instanceof MillraceError ? cause : streamError('BUG', { what: messageOf(cause), cause })
    this.failure = { error }
    this.life.to('failed')
    this.end.reject(error)
    return error
  }

  /**
   * Commits what is processed, writes the stores and ends. A second call waits for the first.
   * @throws what made the application fail, where nobody has asked for `finished`
   */
  close(): Promise<void> {
    if (this.closing === null) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      this.closing = promise
      this.stop().then(resolve, reject)
    }
    return this.closing
  }

  private async stop(): Promise<void> {
    if (this.life.current === 'created') this.life.to('closed')
    else {
      this.life.to('closing')
      this.loop?.stop()
      this.pause.cut()
      await this.starting.catch(() => {
        // start() reports it.
      })
      await this.running
      this.release()
      this.life.to('closed')
    }
    this.end.resolve()
    if (this.failure !== null && !this.isWatched) throw this.failure.error
  }

  private release(): void {
    this.directory?.release()
    this.directory = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
