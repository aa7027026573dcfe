import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { badPlace } from '../admin-options.ts'
import type { OffsetQuery } from '../admin.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'

/** Places in partitions, each asked of its leader. */
export class WireOffsets {
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** In the order of the queries. @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_OPTION */
  async list(queries: readonly OffsetQuery[]): Promise<readonly number[]> {
    const asked = queries.map((query) => wireQuery(query))
    return this.cluster.retrying(async () => {
      const found = await this.ask(asked)
      const late = asked.filter((_, index) => found[index] === none)
      if (late.length === 0) return found
      // No record is so late: the end it is.
      const ends = await this.ask(late.map((query) => ({ ...query, timestamp: latest })))
      let at = 0
      return found.map((offset) => (offset === none ? ends[at++]! : offset))
    })
  }

  private async ask(queries: readonly WireQuery[]): Promise<readonly number[]> {
    const answers = new Map<WireQuery, number>()
    const groups = new Map<string, { readonly leader: number; readonly queries: WireQuery[] }>()
    const times = new Map<string, number>()
    for (const query of queries) {
      const leader = await this.cluster.leaderOf(query)
      // A request may name a partition once.
      const name = `${leader} ${query.isolation} ${partitionName(query)}`
      const turn = times.get(name) ?? 0
      times.set(name, turn + 1)
      const key = `${leader} ${query.isolation} ${turn}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { leader, queries: [query] })
      else group.queries.push(query)
    }
    await Promise.all(Array.from(groups.values(), (group) => this.askLeader(group.leader, group.queries, answers)))
    return queries.map((query) => answers.get(query)!)
  }

  private async askLeader(leader: number, queries: readonly WireQuery[], answers: Map<WireQuery, number>): Promise<void> {
    const connection = await this.cluster.to(leader)
    const answer = await connection.ask('listOffsets', {
      replicaId: -1,
      isolationLevel: queries[0]!.isolation,
      topics: byTopic(queries).map(({ name, of }) => ({
        name,
        partitions: of.map(({ partition, timestamp }) => ({ partitionIndex: partition, timestamp })),
      })),
    })
    const asked = new Map(queries.map((query) => [partitionName(query), query]))
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        const where = partitionName({ topic: name, partition: partitionIndex })
        checkCode(errorCode, { where, means: movedOn })
        const query = asked.get(where)
        if (query !== undefined) answers.set(query, offset)
      }
    }
    const missing = queries.find((query) => !answers.has(query))
    if (missing !== undefined)
      throw coreError('ANSWER_INVALID', { what: 'the answer to ListOffsets lacks a partition', where: partitionName(missing) })
  }
}

/** The leader may not know yet of a topic that another broker has told of. */
export const movedOn = { UNKNOWN_TOPIC_OR_PARTITION: 'SERVER_NOT_READY' } as const

interface WireQuery extends TopicPartition {
  readonly timestamp: number
  readonly isolation: 0 | 1
}

const latest = -1
const earliest = -2
const none = -1

function wireQuery({ topic, partition, at }: OffsetQuery): WireQuery {
  const place = { topic, partition }
  if (at === 'earliest') return { ...place, timestamp: earliest, isolation: 0 }
  if (at === 'latest') return { ...place, timestamp: latest, isolation: 0 }
  if (at === 'stable') return { ...place, timestamp: latest, isolation: 1 }
  if (Number.isSafeInteger(at) && at >= 0) return { ...place, timestamp: at, isolation: 0 }
  throw badPlace(partitionName(place), at)
}
