import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { consumerGroupRecord, readConsumerGroupRecord, type ConsumerGroupChange } from './consumer-group-records.ts'
import { ConsumerGroupWorld } from './consumer-group-world.fixtures.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { setsOf } from './partition-sets.ts'

const topicId = '000102030405060708090a0b0c0d0e0f'
const partitions = setsOf([{ topicId, partition: 3 }])
const told = { rackId: null, clientId: 'c', clientHost: '/h', rebalanceTimeoutMs: 300_000 }

/** As Kafka 4.3 writes them: the key, and the value. */
const rows: readonly (readonly [change: ConsumerGroupChange, key: string, value: string])[] = [
  [{ kind: 'group', value: { epoch: 7, topicsHash: 258 } }, '0003000167', '0000 00000007 01 00 08 0000000000000102'],
  [
    { kind: 'member', memberId: 'm', value: { ...told, instanceId: 'i', topics: ['t'], regex: null, assignor: 'range' } },
    '0005000167 00016d',
    '0000 0269 00 0263 032f68 020274 00 000493e0 0672616e6765 00',
  ],
  [{ kind: 'targetEpoch', value: 7 }, '0006000167', '0000 00000007 00'],
  [{ kind: 'target', memberId: 'm', value: partitions }, '0007000167 00016d', `0000 02 ${topicId} 02 00000003 00 00`],
  [
    {
      kind: 'current',
      memberId: 'm',
      value: { epoch: 7, previousEpoch: 6, state: 'unreleased', assigned: partitions, revoking: new Map() },
    },
    '0008000167 00016d',
    `0000 00000007 00000006 02 02 ${topicId} 02 00000003 00 01 00`,
  ],
  [
    { kind: 'regex', regex: 'a.', value: { topics: ['ab'], timestamp: 1 } },
    '0010000167 0002612e',
    '0000 02 036162 0000000000000000 0000000000000001 00',
  ],
]

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

describe.each(rows)('the record of %o', (change, key, value) => {
  test('is written as Kafka does, and read back', () => {
    const record = consumerGroupRecord('g', change)
    expect([Buffer.from(record.key), Buffer.from(record.value!)]).toEqual([Buffer.from(bytes(key)), Buffer.from(bytes(value))])
    expect(readConsumerGroupRecord(record)).toEqual({ group: 'g', change })
  })

  test('may be deleted', () => {
    const gone = { ...change, value: null } as ConsumerGroupChange
    expect(readConsumerGroupRecord(consumerGroupRecord('g', gone))).toEqual({ group: 'g', change: gone })
  })

  test('is refused where it ends early, and when its version is another one', () => {
    for (let length = 0; length < bytes(value).length; length++) {
      expect(() => readConsumerGroupRecord({ key: bytes(key), value: bytes(value).subarray(0, length) })).toThrow(
        'UNSUPPORTED_FORMAT',
      )
    }
    const other = Uint8Array.of(0, 1, ...bytes(value).subarray(2))
    expect(() => readConsumerGroupRecord({ key: bytes(key), value: other })).toThrow('UNSUPPORTED_FORMAT')
  })
})

test('tags that this version does not know are passed over', () => {
  const value = bytes('0000 00000007 02 0008 0000000000000102 05 01 ff')
  expect(readConsumerGroupRecord({ key: bytes('0003000167'), value })?.change.value).toEqual({ epoch: 7, topicsHash: 258 })
})

test('records of other kinds are left to others', () => {
  for (const kind of [0, 1, 2, 4, 9, 17]) {
    expect(readConsumerGroupRecord({ key: Uint8Array.of(0, kind, 0, 1, 0x67), value: null })).toBeNull()
  }
})

/** All that a group may write in its life, with its end. */
function lifeOf(): ConsumerGroupWorld {
  const world = new ConsumerGroupWorld()
  world.topics.grow('a', 4)
  const [first, second] = [world.add(null, ['a']), world.add('i', [], 'a|b')]
  for (const member of [first, second, first]) world.beat(member)
  world.settle(first)
  for (const member of [first, second]) world.beat(member)
  world.leave(first, -1)
  world.leave(second, -1)
  world.machine.deleteGroup('g').forEach((record) => world.records.push(record))
  return world
}

property.prop([fc.infiniteStream(fc.nat())], { numRuns: 50 })(
  'records in any order, and deletions of what is unknown, are taken',
  (order) => {
    const { records } = lifeOf()
    const shuffled = [...records]
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = order.next().value % (at + 1)
      ;[shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!]
    }
    const machine = new GroupCoordinator()
    for (const record of shuffled) machine.replay(record, -1)
    machine.start({ now: 0, timestamp: 0 })
    machine.list()
    machine.expire({ now: 1e9, timestamp: 1e9 })
  },
)

test('the life of a group leaves nothing', () => {
  const machine = new GroupCoordinator()
  for (const record of lifeOf().records) machine.replay(record, -1)
  expect(machine.list()).toEqual([])
  expect(machine.describeConsumers('g')).toBeUndefined()
})
