import { fc } from '@fast-check/vitest'
import type { Command } from './state-model.fixtures.ts'

/** Mostly the same few rows, so that layers meet. */
const few = (common: number, all: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 4, arbitrary: fc.nat(common) }, { weight: 1, arbitrary: fc.nat(all) })
const place = fc.record({ store: fc.nat(8), key: few(1, 9), start: few(0, 3) })

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('put' as const), at: place, value: fc.integer() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('delete' as const), at: place }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('get' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), age: fc.nat(40) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'freeze' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'rollback' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('flush' as const), wait: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'close' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'abandon' as const }) },
)

/** What may happen to the state of a task, in any order. */
export const commands: fc.Arbitrary<Command[]> = fc.array(command, { minLength: 20, maxLength: 150, size: 'max' })
