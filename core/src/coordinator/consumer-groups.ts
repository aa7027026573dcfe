import { checkHeartbeat } from './check-heartbeat.ts'
import type {
  ConsumerGroupDescription,
  ConsumerGroupSettings,
  ConsumerHeartbeat,
  ConsumerHeartbeatStep,
} from './consumer-group-answers.ts'
import { readConsumerGroupRecord } from './consumer-group-records.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { consumerProtocolType, writeAssignment, writeSubscription } from './consumer-protocol.ts'
import type { GroupDescription, Instant } from './group-answers.ts'
import { checkGroupName, type OffsetRecord } from './group-offsets.ts'
import { groupNotFound } from './group-errors.ts'
import { named } from './target-assignment.ts'
import type { TopicsView } from './topics-view.ts'

/** The groups of one partition of `__consumer_offsets` that speak the new consumer protocol (KIP-848). */
export interface ConsumerGroupsOptions {
  /** Default: there are none. */
  readonly topics?: TopicsView
  /** Default: Kafka's. */
  readonly settingsOf?: (group: string) => ConsumerGroupSettings
}

/** Kafka's. */
const consumerGroupDefaults: ConsumerGroupSettings = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5000,
  maxSize: 2 ** 31 - 1,
}

export class ConsumerGroups {
  private readonly groups = new Map<string, ConsumerGroup>()
  private readonly topics: TopicsView
  private readonly settingsOf: (group: string) => ConsumerGroupSettings

  constructor({ topics = noTopics, settingsOf = () => consumerGroupDefaults }: ConsumerGroupsOptions) {
    this.topics = topics
    this.settingsOf = settingsOf
  }

  get(name: string): ConsumerGroup | undefined {
    return this.groups.get(name)
  }

  get size(): number {
    return this.groups.size
  }

  get names(): IterableIterator<string> {
    return this.groups.keys()
  }

  /** @throws INVALID_OPTION, GROUP_NOT_FOUND, and as `checkHeartbeat` and `ConsumerGroup.heartbeat` */
  heartbeat(beat: ConsumerHeartbeat, at: Instant): ConsumerHeartbeatStep {
    checkGroupName(beat.group)
    checkHeartbeat(beat)
    const known = this.groups.get(beat.group)
    if (known === undefined && beat.epoch !== 0) throw groupNotFound(beat.group)
    const group = known ?? new ConsumerGroup(beat.group)
    const step = group.heartbeat(beat, at, this.topics, this.settingsOf(beat.group))
    this.groups.set(beat.group, group)
    return step
  }

  start(at: Instant): void {
    for (const [name, group] of this.groups) group.start(at, this.settingsOf(name))
  }

  expire(at: Instant): OffsetRecord[] {
    return [...this.groups.values()].flatMap((group) => group.expire(at))
  }

  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const group of this.groups.values()) next = Math.min(next, group.nextDeadline)
    return next
  }

  /** In the form of any group: its members as if they had told what they read, and the assignor had told them. */
  describe(name: string): GroupDescription | undefined {
    const found = this.groups.get(name)?.describe()
    if (found === undefined) return undefined
    const { group, state, epoch: generation, assignor, members } = found
    return {
      group,
      type: 'consumer',
      state,
      protocolType: consumerProtocolType,
      protocol: members.length === 0 ? null : assignor,
      generation,
      leader: null,
      members: members.map(({ id: memberId, instanceId, clientId, clientHost, allTopics, assigned, epoch, rackId }) => ({
        memberId,
        instanceId,
        clientId,
        clientHost,
        subscription: writeSubscription({ topics: allTopics, userData: null, owned: [], generation: epoch, rackId }),
        assignment: writeAssignment({ partitions: named(assigned, this.topics), userData: null }),
      })),
    }
  }

  /** Undefined for a group that is not there, or speaks the other protocol. */
  describeFully(name: string): ConsumerGroupDescription | undefined {
    return this.groups.get(name)?.describe()
  }

  /** Whether the record was one of these groups. */
  replay(record: OffsetRecord, timestamp: number): boolean {
    const read = readConsumerGroupRecord(record)
    if (read === null) return false
    const { group: name, change } = read
    let group = this.groups.get(name)
    if (group === undefined && change.value !== null) {
      group = new ConsumerGroup(name)
      this.groups.set(name, group)
    }
    group?.apply(change, timestamp)
    if (change.kind === 'group' && change.value === null) this.groups.delete(name)
    return true
  }
}

const noTopics: TopicsView = { version: 0, names: [], find: () => undefined, nameOf: () => undefined }
