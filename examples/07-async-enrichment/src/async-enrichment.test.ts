import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run, stopsOf } from './run.ts'

function at(key: string, value: string): { readonly key: string; readonly value: string; readonly timestamp: number } {
  return { key, value, timestamp: 1 }
}

test('calls for several vans run at the same time, and those of one van one after the other', async () => {
  const other = Promise.withResolvers<void>()
  const began: string[] = []
  const rows = await inTemporaryFolder((folder) =>
    stopsOf(folder, [at('a', 'a1'), at('a', 'a2'), at('b', 'b1')], async (address) => {
      began.push(address)
      if (address === 'a1') await other.promise // ends only if that of b begins meanwhile
      if (address === 'b1') other.resolve()
      return 'zone'
    }),
  )
  expect(began).toEqual(['a1', 'b1', 'a2'])
  expect(rows.filter(({ key }) => key === 'a').map(({ value }) => value.address)).toEqual(['a1', 'a2'])
  expect(rows).toHaveLength(3)
})

test('a call that fails is made again', async () => {
  const attempts: number[] = []
  const rows = await inTemporaryFolder((folder) =>
    stopsOf(folder, [at('a', 'a1')], async (_address, _van, { attempt }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('down')
      return 'zone'
    }),
  )
  expect(attempts).toEqual([1, 2, 3])
  expect(rows).toMatchObject([{ key: 'a', value: { address: 'a1', zone: 'zone' } }])
})

test('an address that is never answered stops the application', async () => {
  const rows = inTemporaryFolder((folder) =>
    stopsOf(folder, [at('a', 'a1')], async () => {
      throw new Error('down')
    }),
  )
  await expect(rows).rejects.toMatchObject({ code: 'CALL_FAILED' })
})

test('the example prints the stops of each van in order', async () => {
  expect(await inTemporaryFolder(run)).toBe(`van-1
  1 Mill Lane, zone B
  4 Mill Lane, zone A
  7 Mill Lane, zone D
  10 Mill Lane, zone C
van-2
  2 Mill Lane, zone C
  5 Mill Lane, zone B
  8 Mill Lane, zone A
  11 Mill Lane, zone D
van-3
  3 Mill Lane, zone D
  6 Mill Lane, zone C
  9 Mill Lane, zone B
  12 Mill Lane, zone A

14 calls for 12 addresses
`)
})
