import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { endOfEpoch, type EpochStart } from './leader-epochs.ts'

test('an epoch ends where the next begins, the newest one at the end', () => {
  const starts: readonly EpochStart[] = [
    [2, 5],
    [4, 9],
    [5, 9],
    [7, 20],
  ]
  const end = (epoch: number): unknown => endOfEpoch(starts, epoch, 30)
  expect(end(0)).toEqual({ epoch: 0, endOffset: 5 })
  expect(end(2)).toEqual({ epoch: 2, endOffset: 9 })
  expect(end(3)).toEqual({ epoch: 2, endOffset: 9 })
  expect(end(4)).toEqual({ epoch: 4, endOffset: 9 })
  expect(end(6)).toEqual({ epoch: 5, endOffset: 20 })
  expect(end(7)).toEqual({ epoch: 7, endOffset: 30 })
  expect(end(8)).toBeNull()
  expect(endOfEpoch([], 0, 0)).toBeNull()
})

property.prop([fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }), fc.nat(8)])(
  'no record below the end is of a newer epoch, and none from the end on of this or an older one',
  (steps, asked) => {
    let epoch = 0
    const epochs = steps.map((step) => (epoch += step === 4 ? 1 : 0))
    const starts: EpochStart[] = []
    epochs.forEach((of, offset) => (of === starts.at(-1)?.[0] ? undefined : starts.push([of, offset])))
    const found = endOfEpoch(starts, asked, epochs.length)
    if (found === null) {
      expect(asked).toBeGreaterThan(epoch)
      return
    }
    for (const [offset, of] of epochs.entries()) expect(of <= asked).toBe(offset < found.endOffset)
    expect(found.epoch).toBeLessThanOrEqual(asked)
  },
)
