import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { checkedOffset } from '../consumer-refusals.ts'
import type { CommittedPosition } from '../producer.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'

/** Who commits, as the coordinator knows the member; without it, somebody from outside of a group that has none. */
export interface Committer {
  readonly memberId: string
  readonly generation: number
  readonly instanceId: string | null
}

const outsider: Committer = { memberId: '', generation: -1, instanceId: null }

/** Versions above it name topics by their ids. */
const byName = { atMost: 9 }

/** What groups have committed. */
export class WireGroupOffsets {
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** Everything that the group has committed. `stable`: not while a transaction may change it. @throws UNSTABLE_OFFSET_COMMIT */
  async fetch(group: string, stable = false): Promise<readonly CommittedPosition[]> {
    return this.cluster.retrying(async () => {
      const nodeId = await this.cluster.coordinatorOf('group', group)
      const connection = await this.cluster.to(nodeId)
      const several = connection.speaks('offsetFetch', 8)
      const request = several ? { groups: [{ groupId: group, topics: null }] } : { groupId: group, topics: null }
      const terms = stable ? { ...request, requireStable: true } : request
      const answer = await connection.ask('offsetFetch', terms, byName)
      const { errorCode, topics } = several ? answer.groups[0]! : answer
      checkCode(errorCode, { where: group })
      const found = topics.flatMap(({ name, partitions }) => partitions.map((one) => positionOf(name, one)))
      return found.filter(({ offset }) => offset >= 0).toSorted(inOrder)
    })
  }

  /** @throws NON_EMPTY_GROUP of an outsider, UNKNOWN_TOPIC, UNKNOWN_PARTITION, NUMBER_OUT_OF_RANGE */
  async commit(group: string, positions: readonly CommittedPosition[], by: Committer = outsider): Promise<void> {
    checkPositions(positions)
    await this.cluster.retrying(async () => {
      for (const position of positions) await this.cluster.leaderOf(position)
      const answer = await this.cluster.askCoordinator(
        'group',
        group,
        'offsetCommit',
        commitRequest(group, positions, by),
        byName,
      )
      for (const { name, partitions } of answer.topics)
        for (const { partitionIndex, errorCode } of partitions) {
          const where = `${group}, ${partitionName({ topic: name, partition: partitionIndex })}`
          checkCode(errorCode, by === outsider ? { where, means: { UNKNOWN_MEMBER_ID: 'NON_EMPTY_GROUP' } } : { where })
        }
    })
  }
}

function commitRequest(group: string, positions: readonly CommittedPosition[], { memberId, generation, instanceId }: Committer) {
  return {
    groupId: group,
    generationIdOrMemberEpoch: generation,
    memberId,
    ...(instanceId === null ? {} : { groupInstanceId: instanceId }),
    topics: byTopic(positions).map(({ name, of }) => ({ name, partitions: of.map(committed) })),
  }
}

/** As OffsetCommit and TxnOffsetCommit say it. */
export function committed({ partition, offset, leaderEpoch = -1, metadata = '' }: CommittedPosition): CommittedPart {
  return {
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    committedMetadata: metadata,
  }
}

interface CommittedPart {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string
}

interface FetchedPart {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly metadata: string | null
  readonly errorCode: number
}

function positionOf(topic: string, part: FetchedPart): CommittedPosition & { readonly metadata: string } {
  const { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode } = part
  checkCode(errorCode, { where: partitionName({ topic, partition }) })
  const position = { topic, partition, offset, metadata: metadata ?? '' }
  return leaderEpoch < 0 ? position : { ...position, leaderEpoch }
}

function inOrder(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}

const maxMetadataLength = 4096

/** @throws NUMBER_OUT_OF_RANGE, INVALID_OPTION */
export function checkPositions(positions: readonly CommittedPosition[]): void {
  for (const { topic, partition, offset, metadata = '', leaderEpoch = -1 } of positions) {
    const where = partitionName({ topic, partition })
    checkedOffset(where, offset)
    if (typeof metadata !== 'string' || metadata.length > maxMetadataLength)
      throw coreError('INVALID_OPTION', {
        what: 'this cannot be the metadata of a committed offset',
        where,
        expected: `a text of at most ${maxMetadataLength} characters`,
        received: typeof metadata === 'string' ? metadata.length : typeof metadata,
      })
    if (!Number.isInteger(leaderEpoch) || leaderEpoch < -1 || leaderEpoch >= 2 ** 31)
      throw coreError('NUMBER_OUT_OF_RANGE', { what: 'the leader epoch is not valid', where, received: leaderEpoch })
  }
}
