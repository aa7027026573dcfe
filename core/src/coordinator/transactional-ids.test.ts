import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransactionalIds, type Command } from './transactional-ids.ts'

/** Runs a command as the broker does: what it decided is replayed. */
function run<A>(machine: TransactionalIds, command: Command<A>): A {
  for (const record of command.records) machine.replay(record)
  return command.answer
}

describe('transactional ids', () => {
  test('opening a new id gives epoch 0 of the fresh producer id', () => {
    expect(run(new TransactionalIds(), new TransactionalIds().open('a', 7, 0))).toEqual({ producerId: 7, producerEpoch: 0 })
  })

  test('opening again raises the epoch and refuses the older instance', () => {
    const machine = new TransactionalIds()
    const first = run(machine, machine.open('a', 7, 0))
    run(machine, machine.open('a', 8, 0))
    expect(() => machine.commit('a', first, 9, 0)).toThrow(
      expect.objectContaining({ code: 'PRODUCER_FENCED', outcome: 'fenced' }),
    )
  })

  test('a commit puts the raised epoch on its markers and gives it to the next transaction', () => {
    const machine = new TransactionalIds()
    const first = run(machine, machine.open('a', 7, 0))
    const answer = run(machine, machine.commit('a', first, 8, 0))
    expect(answer).toEqual({ markerEpoch: 1, next: { producerId: 7, producerEpoch: 1 } })
    expect(() => machine.commit('a', first, 9, 0)).toThrow(expect.objectContaining({ code: 'PRODUCER_FENCED' }))
  })

  test('an id that was never opened is refused', () => {
    expect(() => new TransactionalIds().commit('a', { producerId: 1, producerEpoch: 0 }, 2, 0)).toThrow(
      expect.objectContaining({ code: 'PRODUCER_FENCED' }),
    )
  })

  test('with a limit of 3 the producer id is rotated, no pair comes twice, and a marker never passes the limit', () => {
    const machine = new TransactionalIds(3)
    let fresh = 100
    let by = run(machine, machine.open('a', fresh++, 0))
    const seen = new Set([`${by.producerId}/${by.producerEpoch}`])
    for (let index = 0; index < 20; index++) {
      const { markerEpoch, next } = run(machine, machine.commit('a', by, fresh++, 0))
      expect(markerEpoch).toBeLessThanOrEqual(3)
      expect(markerEpoch).toBe(by.producerEpoch + 1)
      by = next
      expect(seen).not.toContain(`${by.producerId}/${by.producerEpoch}`)
      seen.add(`${by.producerId}/${by.producerEpoch}`)
    }
  })

  test('a machine replayed from the records answers like the one that made them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.boolean()), { maxLength: 30 }),
        fc.integer({ min: 2, max: 5 }),
        (steps, limit) => {
          const machine = new TransactionalIds(limit)
          const twin = new TransactionalIds(limit)
          const owners = new Map<string, { producerId: number; producerEpoch: number }>()
          let fresh = 0
          for (const [id, opens] of steps) {
            const owner = owners.get(id)
            const command = opens || owner === undefined ? machine.open(id, fresh++, 5) : machine.commit(id, owner, fresh++, 5)
            for (const record of command.records) {
              machine.replay(record)
              twin.replay(record)
            }
            owners.set(id, 'next' in command.answer ? command.answer.next : command.answer)
          }
          for (const [id, owner] of owners) expect(twin.commit(id, owner, 999, 5)).toEqual(machine.commit(id, owner, 999, 5))
        },
      ),
    )
  })
})
