import type { ConsumedBatch, LogClient } from '@millrace/core'
import type { StoreSpec } from '../plan/plan.ts'
import type { ChangelogBatch } from '../state/restore-batch.ts'
import type { TaskState } from '../state/task-state.ts'
import { streamError } from '../time/stream-errors.ts'
import type { InputQueue } from './input-queue.ts'
import { tell } from './tell.ts'

/** Where the replay of a changelog into a store stands. A store that has everything is not told. */
export interface RestoreEvent {
  /** `suspended`: it was given up before its end; the next open goes on where the engine stands. */
  readonly kind: 'start' | 'batch' | 'end' | 'suspended'
  readonly store: string
  /** The changelog and its partition. */
  readonly topic: string
  readonly partition: number
  /** The first offset that is replayed, and the end. */
  readonly from: number
  readonly to: number
  /** Everything before it is in the store. */
  readonly position: number
  /** Replayed so far. */
  readonly records: number
}

export type RestoreListener = (event: RestoreEvent) => void

export interface Restoring {
  readonly log: LogClient
  readonly onRestore: RestoreListener
  /** The application is being closed: nobody needs the rest. */
  readonly isStopping: () => boolean
}

/**
 * Replays what the changelogs hold beyond the engine, read committed: an own one to its end, a source topic up to where the task
 * goes on reading it. @throws APP_STATE when the application is being closed
 */
export async function restore(
  house: Restoring,
  state: TaskState,
  stores: readonly StoreSpec[],
  inputs: readonly InputQueue[],
  partition: number,
): Promise<void> {
  for (const { name, changelog, changelogKind } of stores) {
    if (changelogKind === 'none') continue
    const place = { topic: changelog, partition }
    const [start, stable] = await house.log.admin.listOffsets([
      { ...place, at: 'earliest' },
      { ...place, at: 'stable' },
    ])
    const to = changelogKind === 'own' ? stable! : Math.min(stable!, positionOf(inputs, changelog))
    const from = Math.max(state.position(name), start!)
    if (from < to) await new Replay(house, state, { store: name, ...place, from, to }).run()
  }
}

function positionOf(inputs: readonly InputQueue[], topic: string): number {
  return inputs.find((input) => input.topic === topic)!.position
}

class Replay {
  private readonly house: Restoring
  private readonly state: TaskState
  private readonly stretch: Omit<RestoreEvent, 'kind' | 'position' | 'records'>
  private position: number
  private records = 0

  constructor(house: Restoring, state: TaskState, stretch: Replay['stretch']) {
    this.house = house
    this.state = state
    this.stretch = stretch
    this.position = stretch.from
  }

  async run(): Promise<void> {
    this.tell('start')
    try {
      await this.replay()
    } catch (error) {
      this.tell('suspended')
      throw error
    }
    this.position = this.stretch.to
    this.tell('end')
  }

  private async replay(): Promise<void> {
    const { topic, partition, from, to } = this.stretch
    const place = { topic, partition }
    await using consumer = await this.house.log.consumer({ isolation: 'read_committed' })
    await consumer.assign([{ ...place, offset: from }])
    while (consumer.position(place) < to) {
      refuseWhenStopping(this.house)
      for (const batch of await consumer.poll()) {
        if (batch.baseOffset >= to) break
        await this.apply(batch)
      }
    }
  }

  private async apply(batch: ConsumedBatch): Promise<void> {
    const { store, to } = this.stretch
    await this.state.restore(store, batch.nextOffset <= to ? batch : upTo(batch, to))
    this.records += batch.nextOffset <= to ? batch.count : batch.toArray().filter(({ offset }) => offset < to).length
    this.position = Math.min(batch.nextOffset, to)
    this.tell('batch')
  }

  private tell(kind: RestoreEvent['kind']): void {
    tell(this.house.onRestore, { kind, ...this.stretch, position: this.position, records: this.records })
  }
}

/** The records of a batch before the offset. */
export function upTo(batch: ConsumedBatch, end: number): ChangelogBatch {
  const { leaderEpoch, producerId, producerEpoch } = batch
  return {
    nextOffset: end,
    leaderEpoch,
    producerId,
    producerEpoch,
    forEach: (visit) =>
      batch.forEach((record) => {
        if (record.offset < end) visit(record)
      }),
  }
}

/** @throws APP_STATE when the application is being closed */
export function refuseWhenStopping({ isStopping }: Pick<Restoring, 'isStopping'>): void {
  if (isStopping()) throw streamError('APP_STATE', { what: 'the application was closed while it started' })
}
