import {
  partitionName,
  type GroupAssignor,
  type MemberAssignment,
  type SubscribedMember,
  type TopicPartition,
} from '@millrace/core'
import type { TaskSpec } from '../plan/plan.ts'
import { readClaim, readLeadersWord, writeClaim, writeLeadersWord, type InstanceTasks, type LeadersWord } from './group-talk.ts'
import { shareTasks, type Share, type SharedTask, type SharingMember } from './share-tasks.ts'

export interface TaskAssignorOptions {
  readonly tasks: readonly TaskSpec[]
  /** Sub-topologies whose stores can be copied. */
  readonly stateful: ReadonlySet<number>
  readonly instance: string
  readonly server: string | null
  readonly standbyReplicas: number
  /** All tasks have to run in one instance. */
  readonly together: boolean
  /** Tasks whose stores this instance has now. */
  readonly held: () => readonly string[]
}

/**
 * Shares tasks out, not partitions: all inputs of a task go to one member (Kafka's StreamsPartitionAssignor). Cooperative: a task
 * that moves is given up first, and what does not move goes on meanwhile.
 */
export class TaskAssignor implements GroupAssignor {
  readonly name = 'millrace-streams'
  readonly cooperative = true
  private readonly options: TaskAssignorOptions
  private readonly tasks: readonly SharedTask[]
  private readonly partitionOf: ReadonlyMap<string, number>
  private readonly taskOf: ReadonlyMap<string, string>
  private heard: LeadersWord = { standby: [], instances: [] }

  constructor(options: TaskAssignorOptions) {
    const { tasks, stateful } = options
    this.options = options
    this.tasks = tasks.map((task) => ({ ...task, isStateful: stateful.has(task.subTopology) }))
    this.partitionOf = new Map(tasks.map(({ id, partition }) => [id, partition]))
    this.taskOf = new Map(tasks.flatMap((task) => placesOf(task).map((place) => [partitionName(place), task.id])))
  }

  /** Tasks of which this instance is to keep a copy. */
  get standby(): readonly string[] {
    return this.heard.standby
  }

  /** All instances, as of the last assignment. */
  get instances(): readonly InstanceTasks[] {
    return this.heard.instances
  }

  userData(): Uint8Array {
    const { instance, server, held } = this.options
    return writeClaim({ instance, server, held: held() })
  }

  assign(members: readonly SubscribedMember[]): ReadonlyMap<string, MemberAssignment> {
    const { standbyReplicas, together } = this.options
    const shares = shareTasks(
      this.tasks,
      members.map((member) => this.sharing(member)),
      { standbyReplicas, together },
    )
    const instances = members.map((member) => instanceOf(member, shares.get(member.memberId)!))
    return new Map(
      Array.from(shares, ([memberId, { active, standby }]) => [
        memberId,
        {
          partitions: active.flatMap((task) => this.inputsOf(task)),
          userData: writeLeadersWord({ standby: idsOf(standby), instances }),
        },
      ]),
    )
  }

  onAssignment({ userData }: MemberAssignment): void {
    this.heard = readLeadersWord(userData)
  }

  /** A member that says nothing we understand may run tasks, but holds nothing. */
  private sharing({ memberId, instanceId, topics, owned, userData }: SubscribedMember): SharingMember {
    const claim = readClaim(userData)
    const running = owned.flatMap((place) => this.taskOf.get(partitionName(place)) ?? [])
    return {
      id: memberId,
      instance: instanceId ?? claim?.instance ?? '',
      topics: new Set(topics),
      running: new Set(running),
      held: new Set(claim?.held),
    }
  }

  private inputsOf({ id, inputs }: SharedTask): TopicPartition[] {
    const partition = this.partitionOf.get(id)!
    return inputs.map((topic) => ({ topic, partition }))
  }
}

export function placesOf({ inputs, partition }: TaskSpec): TopicPartition[] {
  return inputs.map((topic) => ({ topic, partition }))
}

function instanceOf({ memberId, userData }: SubscribedMember, { active, standby }: Share): InstanceTasks {
  const claim = readClaim(userData)
  return {
    instance: claim?.instance ?? memberId,
    server: claim?.server ?? null,
    active: idsOf(active),
    standby: idsOf(standby),
  }
}

function idsOf(tasks: readonly SharedTask[]): readonly string[] {
  return tasks.map(({ id }) => id)
}
