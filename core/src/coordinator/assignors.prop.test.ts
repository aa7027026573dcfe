import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { AssignedMember, Assignor, MemberPartitions } from './assignor.ts'
import { assignors } from './assignors.ts'

const topicNames = ['a', 'b', 'c'] as const

const counts = fc
  .record({ a: fc.nat(9), b: fc.nat(9), c: fc.nat(9) })
  .map((record) => new Map(topicNames.map((topic): [string, number] => [topic, record[topic]]).filter(([, count]) => count > 0)))

/** Members who subscribe to anything, and claim anything; `equal`: all to the same. */
function members(equal: boolean): fc.Arbitrary<readonly AssignedMember[]> {
  const topics = fc.subarray([...topicNames, 'unknown'])
  const claim = fc.record({ topic: fc.constantFrom(...topicNames), partition: fc.nat(9) })
  const member = fc.record({
    instance: fc.boolean(),
    topics,
    owned: fc.uniqueArray(claim, { selector: partitionName, maxLength: 8 }),
    generation: fc.integer({ min: -1, max: 2 }),
  })
  return fc.tuple(fc.array(member, { minLength: 1, maxLength: 6 }), topics).map(([list, common]) =>
    list.map(({ instance, ...rest }, at) => ({
      ...rest,
      memberId: `m${at}`,
      instanceId: instance ? `i${at}` : null,
      topics: equal ? common : rest.topics,
    })),
  )
}

const group = fc.boolean().chain((equal) => fc.record({ members: members(equal), counts }))

const all: readonly [string, Assignor][] = Object.entries(assignors)

function places(assigned: MemberPartitions): string[] {
  return [...assigned.values()].flatMap((list) => list.map(partitionName))
}

function expected(list: readonly AssignedMember[], partitions: ReadonlyMap<string, number>): string[] {
  const topics = [...partitions.keys()].filter((topic) => list.some((member) => member.topics.includes(topic)))
  return topics.flatMap((topic) =>
    Array.from({ length: partitions.get(topic)! }, (_, partition) => partitionName({ topic, partition })),
  )
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

/** What each had before, after the newer generations have their way. */
function claimed(list: readonly AssignedMember[]): Map<string, string> {
  const owners = new Map<string, string>()
  for (const name of new Set(list.flatMap(({ owned }) => owned.map(partitionName)))) {
    const claims = list.filter(({ owned }) => owned.some((place) => partitionName(place) === name))
    const newest = Math.max(...claims.map(({ generation }) => generation))
    const winners = claims.filter(({ generation }) => generation === newest)
    if (winners.length === 1) owners.set(name, winners[0]!.memberId)
  }
  return owners
}

describe.each(all)('the %s assignor', (name, assignor) => {
  test.prop({ given: group })('gives each partition to at most one, who subscribes to it', ({ given }) => {
    const assigned = assignor.assign(given.members, given.counts)
    const given_ = places(assigned)
    expect(new Set(given_).size).toBe(given_.length)
    for (const member of given.members)
      for (const { topic } of assigned.get(member.memberId)!) expect(member.topics).toContain(topic)
    expect(expected(given.members, given.counts)).toEqual(expect.arrayContaining(given_))
  })

  test.prop({ given: group, seed: fc.nat() })('says the same whoever comes first', ({ given, seed }) => {
    const shuffled = given.members.toSorted((a, b) => hash(a.memberId, seed) - hash(b.memberId, seed))
    expect(toObject(assignor.assign(shuffled, given.counts))).toEqual(toObject(assignor.assign(given.members, given.counts)))
  })

  if (name === 'cooperative-sticky') return

  test.prop({ given: group })('leaves none out', ({ given }) => {
    const assigned = assignor.assign(given.members, given.counts)
    expect(places(assigned).toSorted(byText)).toEqual(expected(given.members, given.counts).toSorted(byText))
  })
})

function hash(text: string, seed: number): number {
  return (Math.imul(seed + 1, 2_654_435_761) ^ Math.imul(text.charCodeAt(1), 40_503)) % 1009
}

function toObject(assigned: MemberPartitions): Record<string, string[]> {
  return Object.fromEntries([...assigned].map(([member, list]) => [member, list.map(partitionName)]))
}

describe('range', () => {
  test.prop({ given: group })(
    'gives consecutive partitions of each topic, at most one more to one than to another',
    ({ given }) => {
      const assigned = assignors.range.assign(given.members, given.counts)
      for (const topic of topicNames) {
        const shares = given.members
          .filter((member) => member.topics.includes(topic))
          .map(({ memberId }) => assigned.get(memberId)!.filter((place) => place.topic === topic))
        const sizes = shares.map((share) => share.length)
        if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        for (const share of shares) share.forEach(({ partition }, at) => expect(partition).toBe(share[0]!.partition + at))
      }
    },
  )

  test.prop({ list: members(true), count: fc.integer({ min: 1, max: 9 }) })(
    'gives equal partitions of topics of equal size to the same member',
    ({ list, count }) => {
      const assigned = assignors.range.assign(
        list.map((member) => ({ ...member, topics: ['a', 'b'] })),
        new Map([
          ['a', count],
          ['b', count],
        ]),
      )
      for (const share of assigned.values()) {
        const of = (topic: string): number[] => share.filter((place) => place.topic === topic).map(({ partition }) => partition)
        expect(of('a')).toEqual(of('b'))
      }
    },
  )
})

describe('round robin', () => {
  test.prop({ list: members(true), partitions: counts })('is balanced when all subscribe to the same', ({ list, partitions }) => {
    const sizes = [...assignors.roundrobin.assign(list, partitions).values()].map((share) => share.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })
})

describe('sticky', () => {
  const { sticky } = assignors

  test.prop({ given: group })('is balanced: who has two more could give nothing to the other', ({ given }) => {
    const assigned = sticky.assign(given.members, given.counts)
    for (const poor of given.members) {
      for (const rich of given.members) {
        const gap = assigned.get(rich.memberId)!.length - assigned.get(poor.memberId)!.length
        if (gap < 2) continue
        expect(assigned.get(rich.memberId)!.filter(({ topic }) => poor.topics.includes(topic))).toEqual([])
      }
    }
  })

  test.prop({ list: members(true), partitions: counts })(
    'moves no more than a balance demands, when all subscribe to the same',
    ({ list, partitions }) => {
      const assigned = sticky.assign(list, partitions)
      const exists = new Set(expected(list, partitions))
      const owners = [...claimed(list)].filter(([name]) => exists.has(name))
      const had = list.map(({ memberId }) => owners.filter(([, owner]) => owner === memberId).length).toSorted((a, b) => b - a)
      const total = exists.size
      const least = Math.floor(total / list.length)
      const larger = total % list.length
      const mayKeep = had.reduce((sum, count, at) => sum + Math.min(count, at < larger ? least + 1 : least), 0)
      const kept = owners.filter(([name, owner]) => assigned.get(owner)!.some((place) => partitionName(place) === name)).length
      expect(kept).toBe(mayKeep)
    },
  )

  test.prop({ given: group })('changes nothing when nothing has changed', ({ given }) => {
    const before = sticky.assign(given.members, given.counts)
    const again = given.members.map((member) => ({ ...member, owned: before.get(member.memberId)!, generation: 5 }))
    expect(sorted(sticky.assign(again, given.counts))).toEqual(sorted(before))
  })

  test.prop({ given: group, gone: fc.nat(5) })(
    'a member that goes moves nothing but its own, when all subscribe to the same',
    ({ given, gone }) => {
      const list = given.members.map((member) => ({ ...member, topics: [...topicNames] }))
      const before = sticky.assign(list, given.counts)
      const left = list
        .filter((_, at) => at !== gone % list.length)
        .map((member) => ({ ...member, owned: before.get(member.memberId)!, generation: 1 }))
      if (left.length === 0) return
      const after = sticky.assign(left, given.counts)
      for (const { memberId, owned } of left) expect(after.get(memberId)!).toEqual(expect.arrayContaining([...owned]))
    },
  )
})

function sorted(assigned: MemberPartitions): Record<string, string[]> {
  return Object.fromEntries([...assigned].map(([member, list]) => [member, list.map(partitionName).toSorted(byText)]))
}

describe('cooperative sticky', () => {
  const assignor = assignors['cooperative-sticky']

  /** One generation: what each is assigned becomes what it owns; what it lost it gives up. */
  const next = (
    list: readonly AssignedMember[],
    partitions: ReadonlyMap<string, number>,
    generation: number,
  ): AssignedMember[] => {
    const assigned = assignor.assign(list, partitions)
    return list.map((member) => ({ ...member, owned: assigned.get(member.memberId)!, generation }))
  }

  test.prop({ given: group })('gives nobody what somebody else still holds', ({ given }) => {
    const assigned = assignor.assign(given.members, given.counts)
    for (const [memberId, list] of assigned) {
      for (const place of list) {
        const holders = given.members.filter(({ owned }) => owned.some((own) => partitionName(own) === partitionName(place)))
        expect(holders.length === 0 || holders.some((holder) => holder.memberId === memberId)).toBe(true)
      }
    }
  })

  test.prop({ given: group }, { numRuns: 200 })(
    'after two more generations all are given away, as the eager one would, and nothing moves',
    ({ given }) => {
      const first = next(given.members, given.counts, 3)
      const second = next(first, given.counts, 4)
      const held = (list: readonly AssignedMember[]): TopicPartition[] => list.flatMap(({ owned }) => owned)
      expect(held(second).map(partitionName).toSorted(byText)).toEqual(expected(given.members, given.counts).toSorted(byText))
      for (const { memberId, owned } of first) {
        const now = second.find((member) => member.memberId === memberId)!.owned.map(partitionName)
        expect(now).toEqual(expect.arrayContaining(owned.map(partitionName)))
      }
      expect(next(second, given.counts, 5).map(({ owned }) => owned.map(partitionName).toSorted(byText))).toEqual(
        second.map(({ owned }) => owned.map(partitionName).toSorted(byText)),
      )
    },
  )
})
