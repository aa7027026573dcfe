import { describe, expect, test } from 'vitest'
import { groupRecord, readGroup, readGroupKey, type GroupMetadata } from './group-metadata.ts'
import { GroupOffsets } from './group-offsets.ts'

const metadata: GroupMetadata = {
  protocolType: 'consumer',
  generation: 3,
  protocol: 'range',
  leader: 'm1',
  stateTimestamp: 258,
  members: [
    {
      id: 'm1',
      instanceId: null,
      clientId: 'c',
      clientHost: '/h',
      rebalanceTimeoutMs: 9,
      sessionTimeoutMs: 8,
      subscription: Buffer.from([1]),
      assignment: Buffer.from([2, 3]),
    },
  ],
}

const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes!).toString('hex')
const text = (value: string): string => value.length.toString(16).padStart(4, '0') + Buffer.from(value).toString('hex')

const tail = `${text('c')}${text('/h')}`
const bytes = ['00000001', '01', '00000002', '0203'].join('')

describe('a group record', () => {
  test('has the bytes of Kafka: key version 2, value version 3', () => {
    const { key, value } = groupRecord('g', metadata)
    expect(hex(key)).toBe(`0002${text('g')}`)
    const head = `0003${text('consumer')}00000003${text('range')}${text('m1')}0000000000000102`
    expect(hex(value)).toBe(`${head}00000001${text('m1')}ffff${tail}0000000900000008${bytes}`)
    expect(readGroupKey(key)).toBe('g')
    expect(readGroup(value!)).toEqual(metadata)
  })

  test('an empty group has neither assignor nor leader', () => {
    const empty = { ...metadata, protocol: null, leader: null, members: [] }
    expect(readGroup(groupRecord('g', empty).value!)).toEqual(empty)
    expect(groupRecord('g', null).value).toBeNull()
  })

  test.each([
    [0, `0000${text('consumer')}00000003${text('range')}${text('m1')}00000001${text('m1')}${tail}00000008${bytes}`],
    [1, `0001${text('consumer')}00000003${text('range')}${text('m1')}00000001${text('m1')}${tail}0000000900000008${bytes}`],
  ])('version %i of older logs is read', (version, value) => {
    const member = { ...metadata.members[0]!, rebalanceTimeoutMs: version === 0 ? 8 : 9 }
    expect(readGroup(Buffer.from(value, 'hex'))).toEqual({ ...metadata, stateTimestamp: -1, members: [member] })
  })

  test('another version, and one that ends early, are refused', () => {
    const { value } = groupRecord('g', metadata)
    const newer = Buffer.from(value!)
    newer.writeInt16BE(4, 0)
    expect(() => readGroup(newer)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }))
    for (let size = 0; size < value!.length; size++) {
      expect(() => readGroup(value!.subarray(0, size))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }))
    }
  })

  test('the key of an offset is none of a group, and the other way round', () => {
    const offsets = new GroupOffsets()
    const [record] = offsets.commit('g', [{ topic: 't', partition: 0, offset: 1, metadata: '' }], 0)
    expect(readGroupKey(record!.key)).toBeNull()
    offsets.replay(groupRecord('g', metadata), -1)
    expect([...offsets.names]).toEqual([])
  })
})
