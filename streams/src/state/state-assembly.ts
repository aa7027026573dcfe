import type { StoreEngine } from './engine.ts'
import { Flusher } from './flusher.ts'
import type { EngineOpening } from './open-engine.ts'
import { Scratch } from './scratch.ts'
import { SealedEngine } from './sealed-engine.ts'
import { Sentinel } from './sentinel.ts'
import { storeNumbers, type StateMeta } from './state-meta.ts'
import { StateProgress } from './state-progress.ts'
import { defaultLimits, type StateLimits, type TaskStateOptions } from './task-state-options.ts'
import { TaskStores } from './task-stores.ts'

/** What a TaskState is made of, over one engine. */
export interface StateParts {
  readonly sealed: SealedEngine
  readonly stores: TaskStores
  readonly progress: StateProgress
  readonly flusher: Flusher
}

/** Puts the parts together; again, when an engine was wiped and a new one takes its place. */
export class StateAssembly {
  readonly opening: EngineOpening
  readonly #options: TaskStateOptions
  readonly #limits: StateLimits
  readonly #scratch: Scratch = new Scratch()
  #made: StateParts | null = null

  constructor(options: TaskStateOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    const { folder, engines, disk, stores } = options
    const inspect = (engine: StoreEngine, meta: StateMeta | null): Promise<void> => this.#assemble(engine, meta)
    this.opening = { folder, engines, disk, stores, scratch: this.#scratch, inspect }
  }

  /** Of the engine that was opened last. */
  get parts(): StateParts {
    return this.#made!
  }

  async #assemble(engine: StoreEngine, meta: StateMeta | null): Promise<void> {
    const { stores: specs, clock, taskId } = this.#options
    const { cacheBytes } = this.#limits
    const numbers = storeNumbers(meta, specs)
    const sealed = new SealedEngine({
      engine,
      scratch: this.#scratch,
      taskId,
      ringBytes: (cacheBytes * 3) / 4,
      onDamage: () => this.#raiseSentinel(),
    })
    const stores = new TaskStores({ specs, numbers, engine: sealed, cacheBytes: cacheBytes / 4, clock })
    await stores.buildIndexes(engine)
    const progress = new StateProgress(meta, specs, numbers, clock.now())
    this.#made = { sealed, stores, progress, flusher: this.#flusher(sealed, stores, progress, meta) }
  }

  #flusher(engine: SealedEngine, stores: TaskStores, progress: StateProgress, meta: StateMeta | null): Flusher {
    const { clock, syncLog = async () => {} } = this.#options
    const layers = stores.layers.filter(({ number }) => number !== null).map((store) => store.layers)
    const marks = (): Pick<StateMeta, 'time' | 'stores'> => progress.now()
    const batch = meta?.batch ?? 0
    return new Flusher({ engine, scratch: this.#scratch, layers, clock, syncLog, limits: this.#limits, batch, marks })
  }

  /** On a full disk it may fail; what was written is then still a prefix, because nothing is written any more. */
  #raiseSentinel(): void {
    const { engines, disk, folder } = this.#options
    if (engines.lossy) return
    try {
      new Sentinel(disk, folder).raise()
    } catch {
      // The damage itself is being reported.
    }
  }
}
