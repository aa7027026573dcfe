import type { LogClient } from '@millrace/core'
import type { StoreSpec } from '../plan/plan.ts'
import type { TaskState } from '../state/task-state.ts'

/** Replays what the changelogs hold beyond the engine, read committed, to their ends. Resolves to the records replayed. */
export async function restore(
  log: LogClient,
  state: TaskState,
  stores: readonly StoreSpec[],
  partition: number,
): Promise<number> {
  let records = 0
  for (const { name, changelog } of stores) {
    const place = { topic: changelog, partition }
    const [start, end] = await log.admin.listOffsets([
      { ...place, at: 'earliest' },
      { ...place, at: 'stable' },
    ])
    const from = Math.max(state.position(name), start!)
    if (from >= end!) continue
    await using consumer = await log.consumer({ isolation: 'read_committed' })
    await consumer.assign([{ ...place, offset: from }])
    while (consumer.position(place) < end!) {
      for (const batch of await consumer.poll()) {
        await state.restore(name, batch)
        records += batch.count
      }
    }
  }
  return records
}
