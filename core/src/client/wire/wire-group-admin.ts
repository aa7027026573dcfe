import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { checkList, readOptions } from '../../base/options.ts'
import { assignedPartitions } from '../../broker/group-details.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { badResetPlace, lagRules } from '../admin-options.ts'
import type { Isolation } from '../consumer.ts'
import type { GroupAdmin, GroupDetails, GroupListing, GroupState, PartitionLag, ResetPlace } from '../group-admin.ts'
import type { CommittedPosition } from '../producer.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'
import { WireGroupOffsets } from './wire-group-offsets.ts'
import type { WireOffsets } from './wire-offsets.ts'

/** The administration of the groups of a log that is reached over the wire: each group is asked of its coordinator. */
export class WireGroupAdmin implements GroupAdmin {
  private readonly cluster: Cluster
  private readonly offsets: WireOffsets
  private readonly committed: WireGroupOffsets

  constructor(cluster: Cluster, offsets: WireOffsets) {
    this.cluster = cluster
    this.offsets = offsets
    this.committed = new WireGroupOffsets(cluster)
  }

  async listGroups(): Promise<readonly GroupListing[]> {
    this.cluster.assertOpen()
    const lists = await this.cluster.retrying(() => Promise.all(this.cluster.everyBroker().map((node) => this.groupsAt(node))))
    return lists.flat().toSorted((a, b) => (a.group < b.group ? -1 : 1))
  }

  private async groupsAt(nodeId: number): Promise<readonly GroupListing[]> {
    const connection = await this.cluster.to(nodeId)
    const { errorCode, groups } = await connection.ask('listGroups', {})
    checkCode(errorCode, { where: 'ListGroups' })
    return groups.map(({ groupId: group, groupState, protocolType }) => ({
      group,
      state: groupState as GroupState,
      protocolType,
    }))
  }

  async describeGroups(groups: readonly string[]): Promise<readonly GroupDetails[]> {
    this.cluster.assertOpen()
    return Promise.all(groups.map((group) => this.cluster.retrying(() => this.describe(group))))
  }

  /** Groups of the newer protocol (KIP-848) are dead to the older request. */
  private async describe(group: string): Promise<GroupDetails> {
    const answer = await this.cluster.askCoordinator('group', group, 'describeGroups', { groups: [group] })
    const { errorCode, errorMessage, groupState, protocolType, protocolData, members } = answer.groups[0]!
    const isGone = errorCode === errorCodes.GROUP_ID_NOT_FOUND || groupState === 'Dead'
    if (!isGone) checkCode(errorCode, { where: group, message: errorMessage })
    if (isGone) return (await this.describeConsumers(group)) ?? dead(group)
    return {
      group,
      state: groupState as GroupState,
      protocolType,
      assignor: protocolData === '' ? null : protocolData,
      generation: -1,
      members: members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
        member: memberId,
        instance: groupInstanceId,
        clientId,
        host: clientHost,
        partitions: protocolType === 'consumer' ? assignedPartitions(memberAssignment) : [],
      })),
    }
  }

  private async describeConsumers(group: string): Promise<GroupDetails | null> {
    const connection = await this.cluster.to(await this.cluster.coordinatorOf('group', group))
    if (!connection.speaks('consumerGroupDescribe')) return null
    const answer = await connection.ask('consumerGroupDescribe', { groupIds: [group], includeAuthorizedOperations: false })
    const { errorCode, errorMessage, groupState, assignorName, groupEpoch, members } = answer.groups[0]!
    if (errorCode === errorCodes.GROUP_ID_NOT_FOUND || errorCode === errorCodes.UNSUPPORTED_VERSION) return null
    checkCode(errorCode, { where: group, message: errorMessage })
    return {
      group,
      state: groupState as GroupState,
      protocolType: 'consumer',
      assignor: assignorName,
      generation: groupEpoch,
      members: members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
        member: memberId,
        instance: instanceId,
        clientId,
        host: clientHost,
        partitions: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      })),
    }
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    this.cluster.assertOpen()
    for (const group of groups) {
      await this.cluster.retrying(
        async () => {
          const answer = await this.cluster.askCoordinator('group', group, 'deleteGroups', { groupsNames: [group] })
          for (const { errorCode } of answer.results) checkCode(errorCode, { where: group })
        },
        { once: true },
      )
    }
  }

  // Offsets

  async groupOffsets(group: string): Promise<readonly CommittedPosition[]> {
    this.cluster.assertOpen()
    return this.committed.fetch(group)
  }

  async alterGroupOffsets(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    this.cluster.assertOpen()
    checkList('positions', positions)
    if (positions.length > 0) await this.committed.commit(group, positions)
  }

  async resetGroupOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    to: ResetPlace,
  ): Promise<readonly CommittedPosition[]> {
    this.cluster.assertOpen()
    checkList('partitions', partitions)
    const places = partitions.map(({ topic, partition }) => ({ topic, partition }))
    const offsets = await this.placesOf(places, to)
    const positions = places.map((place, index) => ({ ...place, offset: offsets[index]!, metadata: '' }))
    await this.alterGroupOffsets(group, positions)
    return positions
  }

  private async placesOf(partitions: readonly TopicPartition[], to: ResetPlace): Promise<readonly number[]> {
    const at = (place: 'earliest' | 'latest' | 'stable' | number): Promise<readonly number[]> =>
      this.offsets.list(partitions.map((partition) => ({ ...partition, at: place })))
    if (to === 'earliest') return at('earliest')
    if (to === 'latest') return at('stable')
    if (typeof to === 'object' && to !== null) {
      if ('timestamp' in to && isCount(to.timestamp)) return at(to.timestamp)
      if ('durationMs' in to && isCount(to.durationMs)) return at(Math.max(0, this.cluster.world.clock.now() - to.durationMs))
      if ('offset' in to && isCount(to.offset)) {
        const { offset } = to
        const [starts, ends] = await Promise.all([at('earliest'), at('latest')])
        return starts.map((start, index) => Math.min(Math.max(offset, start), ends[index]!))
      }
    }
    throw badResetPlace(partitions[0] === undefined ? 'to' : partitionName(partitions[0]), to)
  }

  async deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    this.cluster.assertOpen()
    await this.cluster.retrying(async () => {
      const answer = await this.cluster.askCoordinator('group', group, 'offsetDelete', {
        groupId: group,
        topics: byTopic(partitions).map(({ name, of }) => ({
          name,
          partitions: of.map(({ partition }) => ({ partitionIndex: partition })),
        })),
      })
      checkCode(answer.errorCode, { where: group })
      for (const { name, partitions: answered } of answer.topics)
        for (const { partitionIndex, errorCode } of answered)
          checkCode(errorCode, { where: partitionName({ topic: name, partition: partitionIndex }) })
    })
  }

  async groupLag(group: string, options: { readonly isolation?: Isolation } = {}): Promise<readonly PartitionLag[]> {
    this.cluster.assertOpen()
    const { isolation } = readOptions('groupLag', options, lagRules)
    const positions = await this.committed.fetch(group)
    const at = isolation === 'read_committed' ? 'stable' : 'latest'
    const ends = await this.offsets.list(positions.map(({ topic, partition }) => ({ topic, partition, at })))
    return positions.map(({ topic, partition, offset: committed }, index) => {
      const end = ends[index]!
      return { topic, partition, committed, end, lag: Math.max(0, end - committed) }
    })
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function dead(group: string): GroupDetails {
  return { group, state: 'Dead', protocolType: '', assignor: null, generation: -1, members: [] }
}
