import { describe, expect, test } from 'vitest'
import { GroupOffsets, type GroupPosition, type OffsetRecord } from './group-offsets.ts'

const at = (partition: number, offset: number, metadata = ''): GroupPosition => ({ topic: 't', partition, offset, metadata })

function replay(machine: GroupOffsets, records: readonly OffsetRecord[], producerId = -1): void {
  for (const record of records) machine.replay(record, producerId)
}

describe('offsets of groups', () => {
  test('a plain commit counts at once, the newest per partition', () => {
    const machine = new GroupOffsets()
    replay(machine, machine.commit('g', [at(0, 5, 'é'), at(1, 6)], 0))
    replay(machine, machine.commit('g', [at(0, 7)], 0))
    expect(machine.positions('g')).toEqual([at(0, 7), at(1, 6)])
    expect(machine.positions('other')).toEqual([])
  })

  test('a commit inside a transaction counts from its marker on', () => {
    const machine = new GroupOffsets()
    replay(machine, machine.commit('g', [at(0, 5)], 0), 9)
    expect(machine.positions('g')).toEqual([])
    machine.endTransaction(9, 'commit')
    expect(machine.positions('g')).toEqual([at(0, 5)])
  })

  test('an aborted one is forgotten', () => {
    const machine = new GroupOffsets()
    replay(machine, machine.commit('g', [at(0, 5)], 0), 9)
    machine.endTransaction(9, 'abort')
    machine.endTransaction(9, 'commit')
    expect(machine.positions('g')).toEqual([])
  })

  test.each([
    [0, '0000 0000000000000007 0001 6d 0000000000000001'],
    [1, '0001 0000000000000007 0001 6d 0000000000000001 0000000000000002'],
    [2, '0002 0000000000000007 0001 6d 0000000000000001'],
    [3, '0003 0000000000000007 ffffffff 0001 6d 0000000000000001'],
    [4, '0004 0000000000000007 ffffffff 02 6d 0000000000000001 01 00 10 00112233445566778899aabbccddeeff'],
  ])('reads values of version %i, as older and newer Kafkas write them', (_, hex) => {
    const machine = new GroupOffsets()
    const [{ key }] = machine.commit('g', [at(0, 5)], 0) as [OffsetRecord]
    machine.replay({ key, value: Buffer.from(hex.replaceAll(' ', ''), 'hex') }, -1)
    expect(machine.committed('g')).toMatchObject([{ offset: 7, metadata: 'm', leaderEpoch: -1, commitTimestamp: 1 }])
  })

  test('a null value deletes the offset', () => {
    const machine = new GroupOffsets()
    const [record] = machine.commit('g', [at(0, 5)], 0)
    replay(machine, [record!, { key: record!.key, value: null }])
    expect(machine.positions('g')).toEqual([])
  })

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('offset %s is refused', (offset) => {
    expect(() => new GroupOffsets().commit('g', [at(0, offset)], 0)).toThrow(
      expect.objectContaining({ code: 'NUMBER_OUT_OF_RANGE' }),
    )
  })

  test('metadata over 4,096 characters is refused', () => {
    const machine = new GroupOffsets()
    expect(machine.commit('g', [at(0, 1, 'x'.repeat(4096))], 0)).toHaveLength(1)
    expect(() => machine.commit('g', [at(0, 1, 'x'.repeat(4097))], 0)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
