import { partitionName, type CommittedPosition, type LogClient, type TopicPartition } from '@millrace/core'
import type { TaskSpec } from '../plan/plan.ts'
import type { TaskState } from '../state/task-state.ts'
import type { Standbys } from './standbys.ts'
import { placesOf } from './task-assignor.ts'
import type { Task } from './task.ts'

export interface AssignedTasksOptions {
  readonly log: LogClient
  readonly applicationId: string
  /** All of the application. */
  readonly specs: readonly TaskSpec[]
  readonly standbys: Standbys
  readonly open: (spec: TaskSpec, given: GivenTask) => Promise<Task>
  /** A task is open, or could not be opened. */
  readonly onOpened: () => void
}

/** What a task is opened with. */
export interface GivenTask {
  /** Of its group, by partition name, read when nobody else could move them any more. */
  readonly committed: ReadonlyMap<string, CommittedPosition>
  /** Its stores, where a copy of them was kept. */
  readonly kept: TaskState | undefined
  /** The task was taken away again: nobody needs it. */
  readonly isUnwanted: () => boolean
}

/**
 * The tasks that the group has given to this instance. They are opened one after the other while those that are open already go on.
 *
 *   assigned ──> opening ──> opened ──admit──> active
 *                   └── revoked: given up        └── revoked: closed by `revoke`, after its commit
 *
 * Invariants
 *   T1  Between its opening and its closing a task is in one list only; nothing is processed before `admit`.
 *   T2  A task leaves its list when it is closed, not before: where a closing fails, `end` has all that is still open.
 *   T3  Openings and closings of stores of one task never overlap: a copy is handed over, and what opens waits for what closes.
 */
export class AssignedTasks {
  private readonly options: AssignedTasksOptions
  /** By task: its assignment. What opens for an earlier one of it begins where others may have gone on since. */
  private wanted: ReadonlyMap<string, object> = new Map()
  private opened: readonly Task[] = []
  private running: readonly Task[] = []
  private openings = 0
  private chain: Promise<void> = Promise.resolve()
  private failure: { readonly error: unknown } | null = null

  constructor(options: AssignedTasksOptions) {
    this.options = options
  }

  /** Those that process, by id. */
  get active(): readonly Task[] {
    return this.running
  }

  get isOpening(): boolean {
    return this.openings > 0
  }

  get hasOpened(): boolean {
    return this.opened.length > 0 || this.failure !== null
  }

  /** Opens what is new of it: tasks all of whose inputs are there, and copies of the others that are named. */
  assign(partitions: readonly TopicPartition[], standby: readonly string[]): void {
    const names = new Set(partitions.map(partitionName))
    const complete = this.options.specs.filter((spec) => placesOf(spec).every((place) => names.has(partitionName(place))))
    const before = this.wanted
    this.wanted = new Map(complete.map(({ id }) => [id, before.get(id) ?? {}]))
    const added = complete.filter(({ id }) => !before.has(id))
    if (added.length > 0) this.enqueue(this.opening(added))
    const copies = this.options.specs.filter(({ id }) => standby.includes(id) && !this.wanted.has(id))
    this.enqueue(() => this.copy(copies))
  }

  /** Closes the tasks that read one of these; what they have done must be committed. Returns those that processed. */
  async revoke(partitions: readonly TopicPartition[]): Promise<readonly Task[]> {
    const names = new Set(partitions.map(partitionName))
    const isRevoked = ({ spec }: { readonly spec: TaskSpec }): boolean =>
      placesOf(spec).some((place) => names.has(partitionName(place)))
    const revoked = new Set(this.options.specs.filter((spec) => isRevoked({ spec })).map(({ id }) => id))
    this.wanted = new Map([...this.wanted].filter(([id]) => !revoked.has(id)))
    const processing = this.running.filter(isRevoked)
    for (const task of [...processing, ...this.opened.filter(isRevoked)]) await task.close()
    this.running = this.running.filter((task) => !isRevoked(task))
    this.opened = this.opened.filter((task) => !isRevoked(task))
    return processing
  }

  /** What has been opened since, for the caller to let it begin. @throws what opening threw */
  admit(): readonly Task[] {
    if (this.failure !== null) throw this.failure.error
    const admitted = this.opened
    this.opened = []
    this.running = [...this.running, ...admitted].toSorted(byId)
    return admitted
  }

  private enqueue(work: () => Promise<void>): void {
    this.openings++
    this.chain = this.chain
      .then(work)
      .catch((error: unknown) => {
        this.failure ??= { error }
      })
      .finally(() => {
        this.openings--
        this.options.onOpened()
      })
  }

  private opening(specs: readonly TaskSpec[]): () => Promise<void> {
    const assigned = specs.map((spec) => ({ spec, assignment: this.wanted.get(spec.id) }))
    return async () => {
      const { log, applicationId } = this.options
      const positions = await log.admin.groupOffsets(applicationId)
      const committed = new Map(positions.map((position) => [partitionName(position), position]))
      for (const { spec, assignment } of assigned) {
        const isUnwanted = (): boolean => this.wanted.get(spec.id) !== assignment
        if (!isUnwanted()) await this.open(spec, { committed, isUnwanted })
      }
    }
  }

  /** Taken away meanwhile, it is closed again; what made it stop early is only an echo of that. */
  private async open(spec: TaskSpec, given: Omit<GivenTask, 'kept'>): Promise<void> {
    const { open, standbys, onOpened } = this.options
    try {
      const kept = await standbys.take(spec.id)
      const task = await open(spec, { ...given, kept })
      if (given.isUnwanted()) return await task.close()
      this.opened = [...this.opened, task]
      onOpened()
    } catch (error) {
      if (!given.isUnwanted()) throw error
    }
  }

  private async copy(specs: readonly TaskSpec[]): Promise<void> {
    const { standbys } = this.options
    await standbys.keepOnly(specs.map(({ id }) => id))
    for (const spec of specs) if (!this.wanted.has(spec.id)) await standbys.add(spec)
  }

  /** Everything that is open, when nothing opens any more: closed by the caller, who may ask again where that fails. */
  async end(): Promise<readonly Task[]> {
    this.wanted = new Map()
    await this.chain
    this.running = [...this.running, ...this.opened]
    this.opened = []
    return this.running
  }
}

function byId({ spec: one }: Task, { spec: other }: Task): number {
  return one.subTopology - other.subTopology || one.partition - other.partition
}
