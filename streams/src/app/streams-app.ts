import { MillraceError } from '@millrace/core'
import type { Topology } from '../graph/topology.ts'
import { planOf } from '../plan/plan-of.ts'
import type { Plan } from '../plan/plan.ts'
import { DropCounts } from '../runtime/drop-counts.ts'
import { messageOf } from '../runtime/explain.ts'
import type { ThreadMeter } from '../runtime/thread-meter.ts'
import { Instance, type InstanceOptions } from '../runtime/instance.ts'
import { Loop } from '../runtime/loop.ts'
import { Retries } from '../runtime/retries.ts'
import { StepLimits } from '../runtime/step-limits.ts'
import type { DropReason } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import { Delay } from '../runtime/delay.ts'
import { PauseGate } from '../runtime/pause-gate.ts'
import { StreamMetricRegistry, type StreamsMetrics } from '../metrics/metric-registry.ts'
import { ClientMeter } from './client-meter.ts'
import { AppLife, type AppState, type StateListener } from './app-state.ts'
import { QueriedStores, type QueryOptions } from './queried-stores.ts'
import { checkNames, resolveOptions, type ResolvedStreamsOptions } from './resolve-options.ts'
import { cleanUp } from './clean-up.ts'
import { checkOption } from './check-option.ts'
import { timeoutOf, type CloseOptions } from './close-options.ts'
import { Restarts } from './restarts.ts'
import { instancesOf, keyMetadataOf, type InstanceMetadata, type KeyMetadata } from './key-metadata.ts'
import { openStateDirectory, type StateDirectory } from './state-directory.ts'
import type { SessionQueries } from './session-queries.ts'
import type { KeyValueQueries, WindowQueries } from './store-queries.ts'
import type { StreamsOptions } from './streams-options.ts'
import type { VersionedQueries } from './versioned-queries.ts'

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
 *   A3  When `close` resolves to true nothing runs any more, and the state directory is free. To false: what the log or the disk still
 *       has in hand ends by itself, nothing begins any more, and the directory is free when the last of it has ended.
 */
export class StreamsApp implements AsyncDisposable {
  private readonly options: ResolvedStreamsOptions
  private readonly topology: Topology
  /** Sources by pattern have no topics in it before the start. */
  private plan: Plan
  private readonly life = new AppLife()
  private readonly drops = new DropCounts()
  private readonly limits: StepLimits
  private readonly retries = new Retries()
  private readonly restarts: Restarts
  private readonly gate: PauseGate
  /** The wait before a restart. */
  private readonly delay: Delay
  private readonly end = Promise.withResolvers<void>()
  private starting: Promise<boolean> = Promise.resolve(false)
  private running: Promise<void> = Promise.resolve()
  private closing: Promise<boolean> | null = null
  /** Resolves when a deadline of `close` has passed. */
  private readonly deserted = Promise.withResolvers<false>()
  private isDeserted = false
  private loop: Loop | null = null
  /** Of an instance without a state directory, which has nothing that outlives it. */
  private readonly passingId: string
  /** The incarnation that runs now. */
  private instance: Instance | null = null
  private readonly queries: QueriedStores
  private readonly registry: StreamMetricRegistry
  private readonly meter: ClientMeter
  private thread: ThreadMeter | null = null
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
    this.restarts = new Restarts(this.limits, this.retries)
    this.gate = new PauseGate(this.options.world.clock)
    this.passingId = Buffer.from(this.options.world.random.bytes(8)).toString('hex')
    this.delay = new Delay(this.options.world.clock)
    this.registry = new StreamMetricRegistry(this.options.world.clock)
    this.meter = new ClientMeter(this.registry, { topology, applicationId: this.plan.applicationId, state: () => this.state })
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
   * What the application counts and measures, with Kafka's names: `list()`; for Prometheus and OpenTelemetry `prometheusText(app.metrics)`
   * and `openTelemetryProducer(app.metrics)` of @millrace/core. There are metrics from `start` to the end of `close`.
   */
  get metrics(): StreamsMetrics {
    return this.registry
  }

  /**
   * A read-only view of a key-value store, or of a global table: what is committed. It may be taken at any time; its queries work while
   * the application runs. `K` and `V` are those of the store.
   * @throws STORE_UNKNOWN, INVALID_STREAM_OPTION
   */
  keyValueStore<K, V>(name: string, options?: QueryOptions): KeyValueQueries<K, V> {
    return this.queries.keyValue(name, options)
  }

  /** The same of a store of windows, sliding ones too. @throws as `keyValueStore` */
  windowStore<K, V>(name: string, options?: QueryOptions): WindowQueries<K, V> {
    return this.queries.windows(name, options)
  }

  /** The same of a store of sessions. @throws as `keyValueStore` */
  sessionStore<K, V>(name: string, options?: QueryOptions): SessionQueries<K, V> {
    return this.queries.sessions(name, options)
  }

  /** The same of a versioned table: the newest values and those before them (KIP-889). @throws as `keyValueStore` */
  versionedStore<K, V>(name: string, options?: QueryOptions): VersionedQueries<K, V> {
    return this.queries.versions(name, options)
  }

  /**
   * The instances of the application, by what the group has last given to each (KIP-67). Empty while this one does not run: ask it again
   * after a rebalance.
   */
  instances(): readonly InstanceMetadata[] {
    return this.instance === null ? [] : instancesOf(this.instance, this.plan)
  }

  /**
   * Which instance has the row of a key, for queries that another one has to answer; how they reach it is yours to say.
   * The key is that of the store, of a window store without its window. Its partition is the one that Kafka's default partitioner gives.
   * @throws STORE_UNKNOWN, STORE_CLOSED
   */
  keyMetadata<K>(store: string, key: K): KeyMetadata {
    if (this.instance !== null) return keyMetadataOf(this.instance, this.plan, store, key)
    throw streamError('STORE_CLOSED', { what: 'the application does not run now', where: store })
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
      this.thread = this.meter.started(`${this.plan.applicationId}-${this.instanceId}`)
      const instance = await Instance.open(this.instanceOptions())
      if (this.life.isClosing) {
        await instance.close()
        return false
      }
      this.life.to('running')
      this.running = this.run(instance)
      return true
    } catch (cause) {
      if (this.isStopped(cause)) return false
      this.isWatched = true
      this.release()
      throw this.fail(cause)
    }
  }

  /** Once a start: restarts after an error read the same topics. No pattern reads the dead letters: each would come back as another. */
  private async matchTopics(): Promise<void> {
    if (!this.topology.hasPatterns) return
    const { log, policies } = this.options
    const topics = (await log.admin.listTopics()).filter((topic) => topic !== policies.deadLetters?.topic)
    this.plan = planOf(this.topology, this.plan.applicationId, topics)
  }

  /** The same over restarts of the process, where there is a state directory. */
  private get instanceId(): string {
    return this.directory?.instanceId ?? this.passingId
  }

  private instanceOptions(): InstanceOptions {
    const { plan, drops, limits, retries, directory } = this
    const stateFolder = directory?.folder ?? ''
    const { instanceId } = this
    const meter = this.thread!
    const isStopping = (): boolean => this.life.isClosing
    const restingTopics = this.gate.sources
    return { ...this.options, isStopping, restingTopics, plan, drops, limits, retries, meter, stateFolder, instanceId }
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
        if (this.isStopped(error)) return this.end.resolve()
        this.meter.threadFailed()
        const delayMs = this.life.isClosing ? null : this.restarts.delayAfter(error)
        if (delayMs === null) return void this.fail(error)
        if (!(await this.mayReopen(delayMs))) return this.end.resolve()
      }
    }
  }

  /** Ended or stopped, everything is closed. */
  private async runOnce(instance: Instance): Promise<void> {
    const { world, commitIntervalMs, bounded } = this.options
    const { clock } = world
    const onCommit = (): void => this.restarts.committed()
    this.loop = new Loop(instance, { clock, commitIntervalMs, bounded, gate: this.gate, onCommit })
    if (this.life.isClosing) this.loop.stop()
    this.instance = instance
    try {
      const outcome = await this.loop.run()
      this.instance = null
      await (this.isDeserted ? instance.abandon() : instance.close())
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
    await this.delay.wait(delayMs)
    if (this.life.isClosing) return false
    this.life.to('starting')
    return true
  }

  private async reopen(): Promise<Instance> {
    const instance = await Instance.open(this.instanceOptions())
    if (!this.life.isClosing) this.life.to('running')
    return instance
  }

  /** What was opening is given up, because the application is being closed; or nobody waits for it any more. */
  private isStopped(error: unknown): boolean {
    if (this.isDeserted) return true
    return this.life.isClosing && error instanceof MillraceError && error.code === 'APP_STATE'
  }

  private fail(cause: unknown): MillraceError {
    const error = cause instanceof MillraceError ? cause : streamError('BUG', { what: messageOf(cause), cause })
    this.failure = { error }
    this.life.to('failed')
    this.end.reject(error)
    return error
  }

  /**
   * Processes nothing more until `resume`, and keeps tasks and stores open (KIP-834). Resolves when what was processed is committed. No
   * punctuation fires meanwhile; queries go on. A restart after an error comes back paused.
   * @throws APP_STATE unless it starts or runs, and what makes the application fail meanwhile
   */
  async pause(): Promise<void> {
    this.life.mustRun('paused')
    await Promise.race([this.gate.pause(), this.end.promise])
  }

  /** Goes on where `pause` has stopped. @throws APP_STATE unless it starts or runs */
  resume(): void {
    this.life.mustRun('resumed')
    this.gate.resume()
  }

  get isPaused(): boolean {
    return this.gate.isPaused
  }

  /**
   * Takes nothing more from these topics, and goes on with the others without waiting for them: their records come later than their
   * timestamps say. @throws APP_STATE unless it starts or runs, INVALID_STREAM_OPTION for a topic that no stream or table reads
   */
  pauseSources(topics: readonly string[]): void {
    this.life.mustRun('paused')
    this.checkSources(topics)
    for (const topic of topics) this.gate.sources.add(topic)
    this.instance?.rest(this.gate.sources)
  }

  /** Goes on with these topics. @throws as `pauseSources` */
  resumeSources(topics: readonly string[]): void {
    this.life.mustRun('resumed')
    this.checkSources(topics)
    for (const topic of topics) this.gate.sources.delete(topic)
    this.instance?.rest(this.gate.sources)
  }

  private checkSources(topics: readonly string[]): void {
    const sources = this.plan.sourceTopics
    checkOption('topics', Array.isArray(topics) && topics.every((topic) => sources.includes(topic)), sources.join(', '), topics)
  }

  /**
   * Commits what is processed, writes the stores and ends. Resolves to true; to false when the deadline has passed and the rest was
   * given up: what was not committed is processed by the next start, stores that were not written are restored by it. A second call
   * waits for the first, and may bring the deadline forward.
   * @throws INVALID_STREAM_OPTION, and what made the application fail, where nobody has asked for `finished`
   */
  async close(options: CloseOptions = {}): Promise<boolean> {
    const timeoutMs = timeoutOf(options)
    const closing = this.closing ?? this.beginToClose()
    if (timeoutMs === Infinity) return closing
    const timer = this.options.world.clock.after(timeoutMs, () => this.desert())
    try {
      return await closing
    } finally {
      timer.cancel()
    }
  }

  /** Whoever hears of the state and calls again waits for the same end. */
  private beginToClose(): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    this.closing = promise
    this.stop().then(resolve, reject)
    return promise
  }

  private async stop(): Promise<boolean> {
    const isDone = this.life.current === 'created' || (await this.settle())
    this.life.to('closed')
    this.registry.close()
    this.end.resolve()
    if (this.failure !== null && !this.isWatched) throw this.failure.error
    return isDone
  }

  private settle(): Promise<boolean> {
    this.life.to('closing')
    this.loop?.stop()
    this.delay.cut()
    return Promise.race([this.settled(), this.deserted.promise])
  }

  private async settled(): Promise<true> {
    await this.starting.catch(() => {
      // start() reports it.
    })
    await this.running
    this.release()
    return true
  }

  private desert(): void {
    this.isDeserted = true
    this.deserted.resolve(false)
  }

  /**
   * Removes the local state of the application: the next start restores it from the changelogs. Does nothing where there is none.
   * @throws APP_STATE unless it was not started yet or is closed, STATE_DIRECTORY_LOCKED while another one runs,
   * STATE_DIRECTORY_UNUSABLE
   */
  async cleanUp(): Promise<void> {
    this.life.mustRest('cleaned up')
    const { stateDir, world, engines } = this.options
    if (stateDir !== null) await cleanUp(world, engines, stateDir, this.plan.applicationId)
  }

  private release(): void {
    this.directory?.release()
    this.directory = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
