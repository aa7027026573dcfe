import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'

/** Where a group stands, by the name of the partition. With `stable` transactions that are about to commit there are refused. */
export async function committedPositions(
  broker: Broker,
  group: string | null,
  stable?: readonly TopicPartition[],
): Promise<ReadonlyMap<string, number>> {
  if (group === null) return new Map()
  const committed = await broker.groups.committed(group, stable ?? false)
  return new Map(committed.map((position) => [partitionName(position), position.offset]))
}
