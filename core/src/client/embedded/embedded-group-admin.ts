import type { TopicPartition } from '../../base/ids.ts'
import { checkList, readOptions } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type { GroupDetails as BrokerDetails } from '../../broker/group-details.ts'
import { offsetForTime } from '../../broker/offset-for-time.ts'
import type { Partition } from '../../broker/partition.ts'
import { badResetPlace, lagRules } from '../admin-options.ts'
import type { Isolation } from '../consumer.ts'
import type { GroupAdmin, GroupDetails, GroupListing, PartitionLag, ResetPlace } from '../group-admin.ts'
import type { CommittedPosition } from '../producer.ts'

/** The administration of the groups of the embedded log. */
export class EmbeddedGroupAdmin implements GroupAdmin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
  }

  async listGroups(): Promise<readonly GroupListing[]> {
    this.broker.assertOpen()
    const groups = await this.broker.groups.list()
    return groups.map(({ group, state, protocolType }) => ({ group, state, protocolType }))
  }

  async describeGroups(groups: readonly string[]): Promise<readonly GroupDetails[]> {
    this.broker.assertOpen()
    const found = await Promise.all(groups.map((group) => this.broker.groups.describe(group)))
    return found.map(detailsOf)
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    this.broker.assertOpen()
    for (const group of groups) await this.broker.groups.delete(group)
  }

  async groupOffsets(group: string): Promise<readonly CommittedPosition[]> {
    this.broker.assertOpen()
    return this.broker.groups.positions(group)
  }

  async alterGroupOffsets(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    this.broker.assertOpen()
    checkList('positions', positions)
    await this.broker.groups.alter(
      group,
      positions.map((position) => ({ ...position, metadata: position.metadata ?? '' })),
    )
  }

  async resetGroupOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    to: ResetPlace,
  ): Promise<readonly CommittedPosition[]> {
    this.broker.assertOpen()
    checkList('partitions', partitions)
    const positions = await Promise.all(
      partitions.map(async ({ topic, partition }) => {
        const log = this.broker.topics.log({ topic, partition })
        return { topic, partition, offset: await this.placeIn(log, to), metadata: '' }
      }),
    )
    await this.broker.groups.alter(group, positions)
    return positions
  }

  private async placeIn(log: Partition, to: ResetPlace): Promise<number> {
    if (to === 'earliest') return log.startOffset
    if (to === 'latest') return log.lastStableOffset
    if (typeof to === 'object' && to !== null) {
      if ('offset' in to && isCount(to.offset)) return Math.min(Math.max(to.offset, log.startOffset), log.highWatermark)
      if ('timestamp' in to && isCount(to.timestamp)) return offsetForTime(log, to.timestamp)
      if ('durationMs' in to && isCount(to.durationMs)) {
        return offsetForTime(log, Math.max(0, this.broker.directory.world.clock.now() - to.durationMs))
      }
    }
    throw badResetPlace(log.name, to)
  }

  async deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    this.broker.assertOpen()
    await this.broker.groups.deleteOffsets(group, partitions)
  }

  async groupLag(group: string, options: { readonly isolation?: Isolation } = {}): Promise<readonly PartitionLag[]> {
    this.broker.assertOpen()
    const { isolation } = readOptions('groupLag', options, lagRules)
    const positions = await this.broker.groups.positions(group)
    return positions.map(({ topic, partition, offset: committed }) => {
      const log = this.broker.topics.log({ topic, partition })
      const end = isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark
      return { topic, partition, committed, end, lag: Math.max(0, end - committed) }
    })
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function detailsOf({ group, state, protocolType, protocol, generation, members }: BrokerDetails): GroupDetails {
  return {
    group,
    state,
    protocolType,
    assignor: protocol,
    generation,
    members: members.map(({ memberId, instanceId, clientId, clientHost, partitions }) => ({
      member: memberId,
      instance: instanceId,
      clientId,
      host: clientHost,
      partitions,
    })),
  }
}
