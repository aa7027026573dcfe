import { MillraceError, type World } from '@millrace/core'
import type { Topology } from '../graph/topology.ts'
import { planOf } from '../plan/plan-of.ts'
import type { Plan } from '../plan/plan.ts'
import { DropCounts } from '../runtime/drop-counts.ts'
import { Instance, type InstanceOptions } from '../runtime/instance.ts'
import { Loop } from '../runtime/loop.ts'
import type { DropReason } from '../task/task-context.ts'
import { AppLife, type AppState, type StateListener } from './app-state.ts'
import { resolveOptions, type ResolvedStreamsOptions } from './resolve-options.ts'
import { openStateDirectory, type StateDirectory } from './state-directory.ts'
import type { StreamsOptions } from './streams-options.ts'

/** Restarts in a row without a single commit between them before the application gives up. */
const maxRestarts = 5
const firstRestartDelayMs = 100

/**
 * A topology that runs: reads its topics, keeps its stores, and writes everything exactly once.
 *
 * ```ts
 * await using app = new StreamsApp(builder.build(), { applicationId: 'orders', log, stateDir: './data/state' })
 * await app.start()
 * ```
 */
export class StreamsApp implements AsyncDisposable {
  /** Settles when a bounded application has ended or the application was closed; rejects with the error that stopped it. */
  readonly finished: Promise<void>
  private readonly options: ResolvedStreamsOptions
  private readonly plan: Plan
  private readonly life = new AppLife()
  private readonly drops = new DropCounts()
  private readonly settle: { resolve: () => void; reject: (error: unknown) => void }
  private loop: Loop | null = null
  private running: Promise<void> = Promise.resolve()
  private directory: StateDirectory | null = null

  /** @throws INVALID_STREAM_OPTION, TOPOLOGY_* */
  constructor(topology: Topology, options: StreamsOptions) {
    this.plan = planOf(topology, options.applicationId)
    this.options = resolveOptions(options, this.plan)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.finished = promise
    this.settle = { resolve, reject }
  }

  get state(): AppState {
    return this.life.current
  }

  /** Records that did not go on, by reason, since the start. */
  get dropped(): Readonly<Partial<Record<DropReason, number>>> {
    return this.drops.snapshot()
  }

  /** Calls back at every change of state; returns the way to stop that. */
  onState(listener: StateListener): () => void {
    return this.life.listen(listener)
  }

  /**
   * Opens every task where it was left, and begins to process. Resolves when the application runs.
   * @throws SOURCE_TOPIC_MISSING, PARTITIONS_DIFFER, STATE_DIRECTORY_LOCKED, and what the log throws
   */
  async start(): Promise<void> {
    this.life.to('starting')
    try {
      this.directory =
        this.options.stateDir === null
          ? null
          : await openStateDirectory(this.options.world, this.options.stateDir, this.plan.applicationId)
      const instance = await Instance.open(this.instanceOptions())
      this.life.to('running')
      this.running = this.run(instance)
    } catch (error) {
      this.life.to('failed')
      this.directory?.release()
      this.directory = null
      this.finished.catch(() => {
        // start() itself reports it.
      })
      this.settle.reject(error)
      throw error
    }
  }

  private instanceOptions(): InstanceOptions {
    const { log, world, engines, bounded, errorPolicy } = this.options
    return {
      log,
      world,
      plan: this.plan,
      engines,
      stateFolder: this.directory?.folder ?? '',
      transactionalId: `${this.plan.applicationId}-${this.directory?.instanceId ?? 'main'}`,
      bounded,
      errorPolicy,
      drops: this.drops,
      onSkipped: () => {
        // Counted under `failed`; dead letters come with the error policies.
      },
    }
  }

  private async run(first: Instance): Promise<void> {
    let instance: Instance | null = first
    let restarts = 0
    while (instance !== null) {
      const commits: number = this.commits
      try {
        instance = await this.runOnce(instance)
      } catch (error) {
        restarts = this.commits > commits ? 1 : restarts + 1
        if (!mayRestart(error) || restarts > maxRestarts || this.life.current === 'closing') return this.fail(error)
        instance = await this.restart(restarts)
      }
    }
    this.settle.resolve()
  }

  private commits = 0

  /** Null: it has ended or was stopped, and everything is closed. */
  private async runOnce(instance: Instance): Promise<null> {
    const { world, commitIntervalMs, maxUncommittedBytes, bounded } = this.options
    this.loop = new Loop(instance, {
      clock: world.clock,
      commitIntervalMs,
      maxUncommittedBytes,
      bounded,
      onCommit: () => this.commits++,
    })
    if (this.life.current === 'closing') this.loop.stop()
    try {
      const outcome = await this.loop.run()
      await instance.close()
      if (outcome === 'ended' && this.life.current === 'running') this.life.to('ended')
      return null
    } catch (error) {
      await instance.abandon()
      throw error
    }
  }

  /** Opens everything again at what is committed, a little later each time. */
  private async restart(attempt: number): Promise<Instance | null> {
    this.life.to('restarting')
    await pause(this.options.world, firstRestartDelayMs * 2 ** (attempt - 1))
    if ((this.life.current as AppState) === 'closing') return null
    this.life.to('starting')
    const instance = await Instance.open(this.instanceOptions())
    if ((this.life.current as AppState) === 'starting') this.life.to('running')
    return instance
  }

  private fail(error: unknown): void {
    this.life.to('failed')
    this.settle.reject(error)
  }

  /** Commits what is processed, writes the stores and ends. A second call waits for the first. */
  async close(): Promise<void> {
    const state = this.life.current
    if (state === 'closed') return
    if (state === 'created') {
      this.life.to('closed')
      this.settle.resolve()
      return
    }
    if (state !== 'closing') this.life.to('closing')
    this.loop?.stop()
    await this.running
    this.directory?.release()
    this.directory = null
    if (this.life.current !== 'closed') this.life.to('closed')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Whether opening again at what is committed can help: the world's passing troubles, and commits of unknown outcome. */
function mayRestart(error: unknown): boolean {
  return (
    error instanceof MillraceError &&
    error.fault === 'world' &&
    (error.outcome === 'retriable' || error.outcome === 'unknownOutcome')
  )
}

function pause({ clock }: World, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })
}
