import type { Callback, Meta } from '../graph/callbacks.ts'
import type { SplitBranch } from '../graph/stateless-nodes.ts'
import { streamError } from '../time/stream-errors.ts'
import type { Of } from './options.ts'

/** The branch of a `split` for what no predicate took. */
export const otherwise: unique symbol = Symbol('otherwise')

/** The branches of a `split` by their names. */
export type Branches<K, V> = Readonly<Record<string, Of<K, V, boolean> | typeof otherwise>>

/** What a type guard lets through; never for what is no type guard. */
type Guarded<P, K, V> = P extends ((value: V, key: K, meta: Meta) => value is infer V2 extends V) ? V2 : never

/** The values of a branch: what its type guard lets through, or for `otherwise` what the guards of all branches leave. */
export type BranchValue<B, N extends keyof B, K, V> = B[N] extends typeof otherwise
  ? Exclude<V, { [M in keyof B]: Guarded<B[M], K, V> }[keyof B]>
  : [Guarded<B[N], K, V>] extends [never]
    ? V
    : Guarded<B[N], K, V>

/** Branches in the order in which they are asked. @throws TOPOLOGY_INVALID */
export function branchesOf(given: unknown): readonly SplitBranch[] {
  if (typeof given !== 'object' || given === null) throw invalid('its branches are missing', String(given))
  const branches = Object.entries(given).map(branchOf)
  if (branches.length === 0) throw invalid('it has no branch', '{}')
  const rest = branches.filter(({ predicate }) => predicate === null).map(({ branch }) => branch)
  if (rest.length > 1) throw invalid('only one branch can be otherwise', rest.join(', '))
  return branches
}

/** JavaScript puts names that are numbers before all others: the order that was written is lost. */
const number = /^\d+$/

function branchOf([branch, given]: readonly [string, unknown]): SplitBranch {
  if (number.test(branch)) throw invalid('the name of a branch is a number, which would not keep its place', branch)
  if (given === otherwise) return { branch, predicate: null }
  if (typeof given !== 'function') throw invalid('a branch is neither a predicate nor otherwise', `${branch}: ${typeof given}`)
  return { branch, predicate: given as Callback<boolean> }
}

function invalid(what: string, received: string): Error {
  return streamError('TOPOLOGY_INVALID', { what: `split: ${what}`, where: 'split', received })
}
