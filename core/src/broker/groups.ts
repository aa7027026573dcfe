import { GroupOffsets, type GroupPosition, type OffsetRecord } from '../coordinator/group-offsets.ts'
import { coordinatorPartition } from '../coordinator/partition-of.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { readControlKind } from '../record/control-record.ts'
import { ReplayedPartition } from './replayed-partition.ts'
import type { Topics } from './topics.ts'

/** The offsets of groups, each in the partition of `__consumer_offsets` that its name says. */
export class Groups {
  private readonly directory: LogDirectory
  private readonly topics: Topics
  private readonly topic: string
  private readonly count: number
  private readonly partitions = new Map<number, ReplayedPartition<GroupOffsets>>()

  constructor(directory: LogDirectory, topics: Topics, topic: string) {
    this.directory = directory
    this.topics = topics
    this.topic = topic
    this.count = topics.get(topic).partitions
  }

  /** The partition that keeps the group, not necessarily loaded. */
  home(group: string): ReplayedPartition<GroupOffsets> {
    const partition = coordinatorPartition(group, this.count)
    let home = this.partitions.get(partition)
    if (home === undefined) {
      const log = this.topics.log({ topic: this.topic, partition })
      home = new ReplayedPartition(this.directory, log, () => new GroupOffsets(), applyOffsets)
      this.partitions.set(partition, home)
    }
    return home
  }

  async positions(group: string): Promise<readonly GroupPosition[]> {
    return this.home(group).answer((offsets) => offsets.positions(group))
  }
}

function applyOffsets(machine: GroupOffsets, batch: Uint8Array): void {
  const { control, transactional, producerId } = readBatchHeader(batch, 0)
  if (control) {
    const kind = readControlKind(batch)
    if (kind !== null) machine.endTransaction(producerId, kind)
    return
  }
  forEachRecord(batch, ({ key, value }) => {
    if (key !== null) machine.replay({ key, value } satisfies OffsetRecord, transactional ? producerId : -1)
  })
}
