import type { ConsumedBatch, LogClient } from '@millrace/core'
import type { StoreSpec } from '../plan/plan.ts'
import type { ChangelogBatch } from '../state/restore-batch.ts'
import type { TaskState } from '../state/task-state.ts'
import type { InputQueue } from './input-queue.ts'

/**
 * Replays what the changelogs hold beyond the engine, read committed: an own one to its end, a source topic up to where the task
 * goes on reading it. Resolves to the records replayed.
 */
export async function restore(
  log: LogClient,
  state: TaskState,
  stores: readonly StoreSpec[],
  inputs: readonly InputQueue[],
  partition: number,
): Promise<number> {
  let records = 0
  for (const { name, changelog, changelogKind } of stores) {
    const place = { topic: changelog, partition }
    const [start, stable] = await log.admin.listOffsets([
      { ...place, at: 'earliest' },
      { ...place, at: 'stable' },
    ])
    const end = changelogKind === 'own' ? stable! : Math.min(stable!, positionOf(inputs, changelog))
    const from = Math.max(state.position(name), start!)
    if (from >= end) continue
    await using consumer = await log.consumer({ isolation: 'read_committed' })
    await consumer.assign([{ ...place, offset: from }])
    while (consumer.position(place) < end) {
      for (const batch of await consumer.poll()) {
        if (batch.baseOffset >= end) break
        await state.restore(name, upTo(batch, end))
        records += batch.count
      }
    }
  }
  return records
}

function positionOf(inputs: readonly InputQueue[], topic: string): number {
  return inputs.find((input) => input.topic === topic)!.position
}

/** The records of a batch before the offset. */
function upTo(batch: ConsumedBatch, end: number): ChangelogBatch {
  if (batch.nextOffset <= end) return batch
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
