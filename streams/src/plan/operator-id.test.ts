import { expect, test } from 'vitest'
import { checkStreamTimes, maxStreamTimes, operatorId } from './operator-id.ts'
import type { SubTopology } from './plan.ts'

function withTimes(streamTimes: readonly string[]): SubTopology {
  return { id: 3, sources: [], nodes: [], stores: [], sinks: [], globalStores: [], together: [], streamTimes }
}

test('a task may have as many stream times as fit into the metadata of an offset', () => {
  const names = Array.from({ length: maxStreamTimes + 1 }, (_, index) => `store-${index}`)
  checkStreamTimes(withTimes(names.slice(1)))
  expect(() => checkStreamTimes(withTimes(names))).toThrow(
    expect.objectContaining({
      code: 'TOPOLOGY_INVALID',
      where: 'sub-topology 3',
      message: expect.stringContaining('at most 150'),
    }),
  )
})

test('two stores whose names have the same checksum cannot both keep one', () => {
  // Found by trying: CRC-32C of both is the same.
  const [one, other] = twins()
  expect(operatorId(one)).toBe(operatorId(other))
  expect(() => checkStreamTimes(withTimes([one, other]))).toThrow(
    expect.objectContaining({ code: 'TOPOLOGY_INVALID', where: `${one}, ${other}` }),
  )
})

/** A birthday among 32 bits: some ten thousand names are enough. */
function twins(): [string, string] {
  const seen = new Map<number, string>()
  for (let index = 0; ; index++) {
    const name = `s${index.toString(36)}-${(index * 7919).toString(36)}`
    const before = seen.get(operatorId(name))
    if (before !== undefined) return [before, name]
    seen.set(operatorId(name), name)
  }
}
