/** What the tests of this room share: serdes, a disk and a clock without a machine, and a log that holds changelogs. */
import {
  DiskError,
  type Clock,
  type ConsumedRecord,
  type DirectoryLock,
  type Disk,
  type DiskFile,
  type FileStat,
  type Timer,
} from '@millrace/core'
import type { ChangelogBatch } from './restore-batch.ts'
import type { StoreMark, StoredMarks } from './state-marks.ts'
import type { ChangelogSink } from './store-layers.ts'
import type { StoreSpec } from './store-spec.ts'
import type { TaskState } from './task-state.ts'
import type { ChangelogFacts } from './verify-marks.ts'

export const textSerde = {
  name: 'text',
  write: (value: string): string => value,
  read: (bytes: Uint8Array): string => Buffer.from(bytes).toString(),
}

export const jsonSerde = {
  name: 'json',
  write: (value: unknown): string => JSON.stringify(value),
  read: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
}

/** Eight bytes, big-endian, so that keys are bytes and not text. */
export const numberSerde = {
  name: 'number',
  write: (value: number): Uint8Array => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return bytes
  },
  read: (bytes: Uint8Array): number => Buffer.from(bytes).readDoubleBE(),
}

export function spec(name: string, more: Partial<StoreSpec> = {}): StoreSpec {
  const changelog = { topic: `${name}-changelog`, topicId: `id of ${name}`, kind: 'own' } as const
  return { name, kind: 'key-value', key: textSerde, value: jsonSerde, changelog, ...more }
}

/** Turns are microtasks; time stands still until it is moved. */
export class StillClock implements Clock {
  wall = 1_763_722_000_000
  turns = 0

  now(): number {
    return this.wall
  }

  monotonic(): number {
    return this.wall
  }

  after(): Timer {
    throw new Error('nothing in this room sets a timer')
  }

  inBackground(): Timer {
    throw new Error('nothing in this room sets a timer')
  }

  async turn(): Promise<void> {
    this.turns++
  }
}

/** Names of files, no content: what the sentinel needs. */
export class NameDisk implements Disk {
  readonly names: Set<string> = new Set()

  copy(): NameDisk {
    const copy = new NameDisk()
    for (const name of this.names) copy.names.add(name)
    return copy
  }

  stat(path: string): FileStat | null {
    return this.names.has(path) ? { kind: 'file', sizeBytes: 0 } : null
  }

  create(path: string): DiskFile {
    this.names.add(path)
    return { path, read: never, write: never, dataSync: never, close: () => {} }
  }

  remove(path: string): void {
    if (!this.names.delete(path)) throw new DiskError('ENOENT', 'remove', path)
  }

  makeFolder(): void {}
  syncFolder(): void {}

  async syncNames(): Promise<void> {}
  lock = (): DirectoryLock => never()
  list = (): readonly string[] => never()
  readFile = (): Uint8Array => never()
  open = (): DiskFile => never()
  rename = (): void => never()
  link = (): void => never()
  truncate = (): void => never()
}

function never(): never {
  throw new Error('this room does not do that to a disk')
}

interface LogRecord extends ConsumedRecord {
  readonly producerEpoch: number
}

/** Changelogs as lists; a transaction ends with a marker, which takes an offset. */
export class ModelLog {
  readonly #topics: Map<string, (LogRecord | 'marker')[]> = new Map()
  #producerEpoch = 0

  records(topic: string): (LogRecord | 'marker')[] {
    const found = this.#topics.get(topic) ?? []
    this.#topics.set(topic, found)
    return found
  }

  /** Freezes the step and gives what a transaction of it would append; nothing is in the log yet. */
  freeze(state: TaskState): ReadonlyMap<string, LogRecord[]> {
    const producerEpoch = ++this.#producerEpoch
    const gathered = new Map<string, LogRecord[]>()
    state.freeze((store): ChangelogSink => {
      const records: LogRecord[] = []
      gathered.set(store, records)
      return {
        append: (key, value, timestamp) =>
          records.push({ offset: -1, key: bytesOf(key)!, value: bytesOf(value), timestamp, headers: [], producerEpoch }),
      }
    })
    return gathered
  }

  /** Appends what a frozen step has; the marks are what the runtime would give to `commitSucceeded`. */
  commit(specs: readonly StoreSpec[], step: ReadonlyMap<string, readonly LogRecord[]>): StoreMark[] {
    return [...step].map(([store, appended]) => {
      const log = this.records(specs.find(({ name }) => name === store)!.changelog!.topic)
      for (const record of appended) log.push({ ...record, offset: log.length })
      const position = log.length
      log.push('marker')
      const producerEpoch = appended[0]!.producerEpoch
      return { store, position, newestOffset: position - 1, producerId: 7, producerEpoch, leaderEpoch: 0 }
    })
  }

  facts({ stores }: StoredMarks): Map<string, ChangelogFacts> {
    return new Map(
      stores.map(({ store, topic, topicId, newestOffset }) => {
        const log = this.records(topic)
        const at = log[newestOffset]
        const newest = typeof at === 'object' ? { producerId: 7, producerEpoch: at.producerEpoch, leaderEpoch: 0 } : null
        return [store, { topicId, logStart: 0, endOffset: log.length, newest, epochEnd: null, deleteRetentionMs: 86_400_000 }]
      }),
    )
  }

  /** Replays every changelog from where the store stands, one batch a transaction. */
  async restore(state: TaskState, specs: readonly StoreSpec[]): Promise<void> {
    for (const { name, changelog } of specs) {
      if (changelog === undefined) continue
      const log = this.records(changelog.topic)
      while (state.position(name) < log.length) await state.restore(name, batchAt(log, state.position(name)))
    }
  }
}

function batchAt(log: readonly (LogRecord | 'marker')[], from: number): ChangelogBatch {
  const end = log.indexOf('marker', from)
  const records = log.slice(from, end).filter((entry) => entry !== 'marker')
  const producerEpoch = records[0]?.producerEpoch ?? -1
  return { nextOffset: end + 1, leaderEpoch: 0, producerId: 7, producerEpoch, forEach: (visit) => records.forEach(visit) }
}

function bytesOf(bytes: Uint8Array | string | null): Uint8Array | null {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes === null ? null : new Uint8Array(bytes)
}
