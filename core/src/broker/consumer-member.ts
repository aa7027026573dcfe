import type { GroupAssignor } from '../base/group-assignor.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { AssignorName } from '../coordinator/assignor.ts'
import { groupAssignor } from '../coordinator/group-assignor.ts'
import { consumerProtocolType, readAssignment } from '../coordinator/consumer-protocol.ts'
import type { MemberRef } from '../coordinator/group-answers.ts'
import { inProcessHost } from '../coordinator/group-coordinator.ts'
import { assignAsLeader, subscriptionBytes } from './group-assignment.ts'
import type { Groups } from './groups.ts'
import type { Topics } from './topics.ts'

/**
 * A consumer in this process as the coordinator sees it: an id, a generation, and what it was assigned. It speaks Kafka's
 * protocol like any other member, and shares partitions out when it leads.
 */
export interface ConsumerMemberOptions {
  readonly group: string
  /** Best first. */
  readonly assignors: readonly (AssignorName | GroupAssignor)[]
  readonly instanceId: string | null
  /** Silent for so long, it is expelled. */
  readonly sessionTimeoutMs: number
}

interface Held {
  readonly partitions: readonly TopicPartition[]
  readonly generation: number
}

const clientId = 'embedded'
const nothing: Held = { partitions: [], generation: -1 }

export class ConsumerMember {
  private readonly groups: Groups
  private readonly topics: Topics
  private readonly options: ConsumerMemberOptions
  private readonly assignors: readonly GroupAssignor[]
  private id: string
  /** The coordinator knows the id. */
  private known = false
  private generation = -1
  /** What it was assigned last: sticky assignors go by it, also after an eager member gave it up. */
  private last = nothing
  /** Partition counts of what the group subscribes to, as this leader saw them; of its own topics where it may lead; else null. */
  private counted: ReadonlyMap<string, number> | null = null

  constructor(groups: Groups, topics: Topics, options: ConsumerMemberOptions) {
    this.groups = groups
    this.topics = topics
    this.options = options
    this.assignors = options.assignors.map(groupAssignor)
    this.id = this.adopt()
  }

  private adopt(): string {
    return this.groups.adopt(this.options.instanceId ?? clientId)
  }

  /** It keeps its partitions through a rebalance, and gives up what it lost afterwards (KIP-429). */
  get isCooperative(): boolean {
    return this.assignors.every(({ cooperative }) => cooperative)
  }

  get ref(): MemberRef {
    return { memberId: this.id, instanceId: this.options.instanceId, generation: this.generation }
  }

  get isKnown(): boolean {
    return this.known && this.generation >= 0
  }

  /** Resolves to its partitions of the next generation. @throws as `Groups.join` and `Groups.sync` */
  async join(topics: readonly string[], owned: readonly TopicPartition[]): Promise<readonly TopicPartition[]> {
    const { group, instanceId, sessionTimeoutMs } = this.options
    const about = { topics, owned: this.isCooperative ? owned : [], last: this.last.partitions, generation: this.last.generation }
    const answer = await this.groups.join({
      group,
      memberId: this.known ? this.id : '',
      freshMemberId: this.id,
      requireKnownMember: false,
      instanceId,
      clientId,
      clientHost: inProcessHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs: sessionTimeoutMs,
      protocolType: consumerProtocolType,
      protocols: this.assignors.map((assignor) => ({ name: assignor.name, metadata: subscriptionBytes(assignor, about) })),
    })
    if ('retry' in answer) return this.join(topics, owned)
    this.known = true
    this.generation = answer.generation
    const assignor = this.assignors.find(({ name }) => name === answer.protocol)!
    const assigns = answer.leader === this.id && !answer.skipsAssignment
    const plan = assigns ? assignAsLeader(assignor, answer, (topic) => this.topics.partitionCount(topic)) : null
    this.counted = plan?.counts ?? (answer.skipsAssignment ? this.counts(topics) : null)
    const { assignment } = await this.groups.sync({ group, ...this.ref, assignments: plan?.assignments ?? [] })
    const assigned = readAssignment(assignment)
    const { partitions } = assigned
    this.last = { partitions, generation: this.generation }
    assignor.onAssignment?.(assigned, this.generation)
    return partitions
  }

  private counts(topics: readonly string[]): ReadonlyMap<string, number> {
    return new Map(topics.map((topic) => [topic, this.topics.partitionCount(topic) ?? 0]))
  }

  /** As the leader it sees that a topic of the group has come, gone, or grown. */
  get seesOtherCounts(): boolean {
    for (const [topic, count] of this.counted ?? []) if ((this.topics.partitionCount(topic) ?? 0) !== count) return true
    return false
  }

  /** A sign of life; false while the group is not loaded. @throws as `Groups.heartbeat` */
  beat(): boolean {
    return this.groups.beat(this.options.group, this.ref)
  }

  async heartbeat(): Promise<void> {
    await this.groups.heartbeat(this.options.group, this.ref)
  }

  /** The group has gone on without it: what it had is nobody's word any more. */
  forgetGeneration(): void {
    this.generation = -1
    this.last = nothing
  }

  /** It was expelled, and comes again as somebody new. */
  forgetId(): void {
    this.groups.disown(this.id)
    this.id = this.adopt()
    this.known = false
    this.forgetGeneration()
  }

  /** A static member stays, for its successor; any other leaves the group. */
  async leave(): Promise<void> {
    if (this.options.instanceId !== null) return
    this.groups.disown(this.id)
    await this.groups.leave(this.options.group, this.id, null).catch(ignore)
  }
}

function ignore(): void {
  // It was none any more, or its session ends by itself.
}
