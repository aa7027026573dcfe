import { MillraceError } from '../base/errors.ts'
import { partitionName } from '../base/ids.ts'
import { readAssignment, readSubscription, writeAssignment, writeSubscription } from './consumer-protocol.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import type { GroupReply, GroupStep, JoinAnswer, MemberRef } from './group-answers.ts'
import type { OffsetRecord } from './group-offsets.ts'
import { rangeAssignor } from './range-assignor.ts'

/** A member as a program of its own: it sees of the group what the replies say. */
export interface TestMember {
  readonly name: string
  readonly instanceId: string | null
  memberId: string
  generation: number
  /** What it was told to assign, while it has not. */
  leads: JoinAnswer | null
  waits: 'join' | 'sync' | null
  partitions: readonly string[]
  /** It gets no replies any more. */
  crashed: boolean
}

const partitions = 4
export const sessionTimeoutMs = 10_000
export const rebalanceTimeoutMs = 20_000

/** A group, its members, its records, and a clock. */
export class GroupWorld {
  machine: GroupCoordinator = new GroupCoordinator()
  readonly records: OffsetRecord[] = []
  readonly members: TestMember[] = []
  /** Told what each reply gives away. */
  onAssigned: (member: TestMember) => void = () => {}
  /** Told when a member gives up what it has. */
  onGivenUp: (member: TestMember) => void = () => {}
  now = 1000
  private fresh = 0
  private call = 0
  private readonly calls = new Map<number, TestMember>()

  add(name: string, instanceId: string | null = null): TestMember {
    const member: TestMember = {
      name,
      instanceId,
      memberId: '',
      generation: -1,
      leads: null,
      waits: null,
      partitions: [],
      crashed: false,
    }
    this.members.push(member)
    return member
  }

  private get at(): { readonly now: number; readonly timestamp: number } {
    return { now: this.now, timestamp: 1_000_000 + this.now }
  }

  private callOf(member: TestMember): number {
    const call = ++this.call
    this.calls.set(call, member)
    return call
  }

  /** Runs a command as the broker does. What it refuses, the member hears. */
  run(member: TestMember | null, command: () => GroupStep): void {
    try {
      const { records, replies } = command()
      for (const record of records) {
        this.records.push(record)
        this.machine.replay(record, -1, this.records.length)
      }
      for (const reply of replies) this.deliver(reply)
    } catch (error) {
      if (!(error instanceof MillraceError) || member === null) throw error
      this.onRefused(member, error.code)
    }
  }

  private deliver(reply: GroupReply): void {
    const member = this.calls.get(reply.call)!
    this.calls.delete(reply.call)
    if (member.crashed) return
    member.waits = null
    if (reply.kind === 'joined') {
      member.memberId = reply.answer.memberId
      member.generation = reply.answer.generation
      member.leads = reply.answer.leader === member.memberId && !reply.answer.skipsAssignment ? reply.answer : null
    } else if (reply.kind === 'memberIdRequired') member.memberId = reply.memberId
    else if (reply.kind === 'refused') this.onRefused(member, reply.error.code)
    else {
      member.partitions = readAssignment(reply.answer.assignment).partitions.map(partitionName)
      this.onAssigned(member)
    }
  }

  private onRefused(member: TestMember, code: string): void {
    member.waits = null
    if (code !== 'REBALANCE_IN_PROGRESS') {
      member.generation = -1
      this.giveUp(member)
    }
    if (code === 'FENCED_INSTANCE_ID') member.crashed = true
    if (code === 'UNKNOWN_MEMBER_ID') member.memberId = ''
  }

  join(member: TestMember, changed: string = ''): void {
    this.giveUp(member) // as an eager member does
    member.leads = null
    member.waits = 'join'
    const userData = Buffer.from(changed)
    const metadata = writeSubscription({ topics: ['t'], userData, owned: [], generation: -1, rackId: null })
    const request = {
      group: 'g',
      memberId: member.memberId,
      freshMemberId: `${member.name}-${++this.fresh}`,
      requireKnownMember: member.instanceId === null && this.fresh % 2 === 0,
      instanceId: member.instanceId,
      clientId: member.name,
      clientHost: '/host',
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
      call: this.callOf(member),
    }
    this.run(member, () => this.machine.join(request, this.at))
  }

  private giveUp(member: TestMember): void {
    member.partitions = []
    this.onGivenUp(member)
  }

  ref({ memberId, instanceId, generation }: TestMember): MemberRef {
    return { memberId, instanceId, generation }
  }

  sync(member: TestMember): void {
    const assignments = member.leads === null ? [] : share(member.leads)
    member.leads = null
    member.waits = 'sync'
    const request = { group: 'g', ...this.ref(member), assignments, call: this.callOf(member) }
    this.run(member, () => this.machine.sync(request, this.at))
  }

  heartbeat(member: TestMember): string {
    return codeOf(() => this.machine.heartbeat('g', this.ref(member), this.at))
  }

  leave(member: TestMember): void {
    const { memberId, instanceId } = member
    this.giveUp(member)
    this.run(member, () => this.machine.leave('g', memberId, instanceId, this.at))
    member.memberId = ''
    member.generation = -1
    member.waits = null
  }

  /** Time goes by; what is due happens when it is due. */
  advance(ms: number): void {
    const end = this.now + ms
    while (this.machine.nextDeadline <= end) {
      this.now = Math.max(this.now, this.machine.nextDeadline)
      this.run(null, () => this.machine.expire(this.at))
    }
    this.now = end
  }

  /** The coordinator starts again from its records; who waits hears nothing. */
  restart(): void {
    this.machine = replayed(this.records)
    this.run(null, () => this.machine.start(this.at))
    this.calls.clear()
    for (const member of this.members) member.waits = null
  }
}

export function replayed(records: readonly OffsetRecord[]): GroupCoordinator {
  const machine = new GroupCoordinator()
  records.forEach((record, at) => machine.replay(record, -1, at + 1))
  return machine
}

function share(answer: JoinAnswer): { readonly memberId: string; readonly assignment: Uint8Array }[] {
  const members = answer.members.map(({ memberId, instanceId, subscription }) => {
    const { topics, owned, generation } = readSubscription(subscription)
    return { memberId, instanceId, topics, owned, generation }
  })
  const assigned = rangeAssignor.assign(members, new Map([['t', partitions]]))
  return [...assigned].map(([memberId, list]) => ({
    memberId,
    assignment: writeAssignment({ partitions: list, userData: null }),
  }))
}

/** `ok`, or the code of what was thrown. */
export function codeOf(work: () => void): string {
  try {
    work()
    return 'ok'
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}
