import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { shareTasks, type Share, type SharedTask, type SharingMember } from './share-tasks.ts'

const spread = { standbyReplicas: 0, together: false }

function tasksOf(...partitions: readonly number[]): SharedTask[] {
  return partitions.flatMap((count, subTopology) =>
    Array.from({ length: count }, (_, partition) => ({
      id: `${subTopology}_${partition}`,
      subTopology,
      inputs: [`t${subTopology}`],
      isStateful: subTopology % 2 === 0,
    })),
  )
}

const everything = new Set(['t0', 't1', 't2'])

function member(id: string, running: readonly string[] = [], held: readonly string[] = []): SharingMember {
  return { id, instance: id, topics: everything, running: new Set(running), held: new Set(held) }
}

const idsOf = (tasks: readonly SharedTask[]): string[] => tasks.map(({ id }) => id).toSorted()
const activeOf = (share: Share | undefined): string[] => idsOf(share?.active ?? [])

/** What the members run once nothing moves any more: a task that moves is nobody's for one generation (KIP-429). */
function settled(
  tasks: readonly SharedTask[],
  ids: readonly string[],
  before: ReadonlyMap<string, readonly string[]>,
  held: ReadonlyMap<string, readonly string[]> = new Map(),
): { readonly running: Map<string, string[]>; readonly rounds: number } {
  let running = new Map(ids.map((id) => [id, [...(before.get(id) ?? [])]]))
  for (let rounds = 1; rounds < 10; rounds++) {
    const shares = shareTasks(
      tasks,
      ids.map((id) => member(id, running.get(id), held.get(id))),
      spread,
    )
    const holderOf = (task: string): string | undefined => ids.find((id) => running.get(id)!.includes(task))
    const next = new Map(ids.map((id) => [id, activeOf(shares.get(id)).filter((task) => (holderOf(task) ?? id) === id)]))
    if (ids.every((id) => next.get(id)!.join() === running.get(id)!.toSorted().join())) return { running: next, rounds }
    running = next
  }
  throw new Error('it does not come to rest')
}

describe('tasks are shared', () => {
  test('so that each sub-topology is spread', () => {
    const shares = shareTasks(tasksOf(2, 2), [member('a'), member('b')], spread)
    expect(Array.from(shares.values(), activeOf)).toEqual([
      ['0_0', '1_0'],
      ['0_1', '1_1'],
    ])
  })

  test('by who has the stores, where that is as balanced', () => {
    const shares = shareTasks(tasksOf(2), [member('a', [], ['0_1']), member('b', [], ['0_0'])], spread)
    expect(Array.from(shares.values(), activeOf)).toEqual([['0_1'], ['0_0']])
  })

  test('with nobody who cannot read their topics', () => {
    const poor = { ...member('a'), topics: new Set(['t1']) }
    const shares = shareTasks(tasksOf(2, 1), [poor, member('b')], spread)
    expect(activeOf(shares.get('a'))).toEqual(['1_0'])
    expect(activeOf(shareTasks(tasksOf(1), [poor], spread).get('a'))).toEqual([])
  })

  test('with one alone, where all have to be together: it stays where most run', () => {
    const together = { ...spread, together: true }
    const shares = shareTasks(tasksOf(2, 2), [member('a', ['0_0']), member('b', ['0_1', '1_0', '1_1'])], together)
    expect(activeOf(shares.get('a'))).toEqual([])
    expect(activeOf(shares.get('b'))).toEqual(['0_0', '0_1', '1_0', '1_1'])
  })

  test.prop([
    fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 3 }),
    fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 }),
    fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 }),
    fc.infiniteStream(fc.nat({ max: 4 })),
  ])('wholly, evenly, with as few moves as that needs, and come to rest when members change', (counts, first, second, random) => {
    const tasks = tasksOf(...counts)
    const before = settled(tasks, first, new Map()).running
    const held = new Map(second.map((id) => [id, tasks.filter(() => random.next().value === 0).map((task) => task.id)]))
    const { running, rounds } = settled(tasks, second, before, held)
    expect([...running.values()].flat().toSorted()).toEqual(idsOf(tasks))
    const sizes = Array.from(running.values(), (own) => own.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    expect(rounds).toBeLessThanOrEqual(4)
    // Whoever stays gives up only what is above its share.
    for (const id of second) {
      const kept = (before.get(id) ?? []).filter((task) => running.get(id)!.includes(task)).length
      expect(kept).toBeGreaterThanOrEqual(Math.min((before.get(id) ?? []).length, Math.floor(tasks.length / second.length)))
    }
  })

  test.prop([fc.nat({ max: 8 }), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 4 })])(
    'with as many copies as there is room for, never two of one in one place',
    (partitions, size, standbyReplicas) => {
      const tasks = tasksOf(partitions, partitions)
      const members = ['a', 'b', 'c', 'd', 'e'].slice(0, size).map((id) => member(id))
      const shares = [...shareTasks(tasks, members, { standbyReplicas, together: false }).values()]
      for (const task of tasks) {
        const copies = shares.filter(({ standby }) => standby.includes(task))
        expect(copies).toHaveLength(task.isStateful ? Math.min(standbyReplicas, size - 1) : 0)
        for (const { active, standby } of copies) {
          expect(active).not.toContain(task)
          expect(standby.filter((one) => one === task)).toHaveLength(1)
        }
      }
    },
  )

  test('with copies that stay where they are', () => {
    const tasks = tasksOf(3)
    const members = [member('a', ['0_0', '0_1', '0_2']), member('b'), member('c', [], ['0_0', '0_1', '0_2'])]
    const shares = shareTasks(tasks, members, { standbyReplicas: 1, together: true })
    expect(idsOf(shares.get('c')!.standby).length).toBeGreaterThanOrEqual(2)
  })
})
