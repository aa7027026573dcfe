import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProducerIdentity } from './transaction-state.ts'
import { TransactionalIds, type Command } from './transactional-ids.ts'

const timeoutMs = 60_000

/** Runs a command as the broker does: what it decided is replayed. */
function run<A>(machine: TransactionalIds, command: Command<A>): A {
  for (const record of command.records) machine.replay(record)
  return command.answer
}

/** Takes the id over, where no transaction is open. */
function open(machine: TransactionalIds, id: string, fresh: number, by: ProducerIdentity | null = null): ProducerIdentity {
  const answer = run(machine, machine.initProducerId({ id, timeoutMs, by }, fresh, 0))
  if (answer.kind !== 'ready') throw new Error('a transaction is open')
  return answer.identity
}

describe('transactional ids', () => {
  test('opening a new id gives epoch 0 of the fresh producer id', () => {
    expect(open(new TransactionalIds(), 'a', 7)).toEqual({ producerId: 7, producerEpoch: 0 })
  })

  test('opening again raises the epoch and refuses the older instance', () => {
    const machine = new TransactionalIds()
    const first = open(machine, 'a', 7)
    open(machine, 'a', 8)
    expect(() => machine.commit('a', first, 9, 0)).toThrow(
      expect.objectContaining({ code: 'PRODUCER_FENCED', outcome: 'fenced' }),
    )
  })

  test('a commit puts the raised epoch on its markers and gives it to the next transaction', () => {
    const machine = new TransactionalIds()
    const first = open(machine, 'a', 7)
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
    const machine = new TransactionalIds({ epochLimit: 3 })
    let fresh = 100
    let by = open(machine, 'a', fresh++)
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
        (steps, epochLimit) => {
          const machine = new TransactionalIds({ epochLimit })
          const twin = new TransactionalIds({ epochLimit })
          const owners = new Map<string, ProducerIdentity>()
          let fresh = 0
          for (const [id, opens] of steps) {
            const owner = owners.get(id)
            const command =
              opens || owner === undefined
                ? machine.initProducerId({ id, timeoutMs, by: null }, fresh++, 5)
                : machine.commit(id, owner, fresh++, 5)
            for (const record of command.records) {
              machine.replay(record)
              twin.replay(record)
            }
            owners.set(id, ownerAfter(command.answer))
          }
          for (const [id, owner] of owners) expect(twin.commit(id, owner, 999, 5)).toEqual(machine.commit(id, owner, 999, 5))
        },
      ),
    )
  })
})

function ownerAfter(
  answer: { readonly next: ProducerIdentity } | { readonly kind: string; readonly identity?: ProducerIdentity },
): ProducerIdentity {
  return 'next' in answer ? answer.next : answer.identity!
}
