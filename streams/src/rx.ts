/** The door `@millrace/streams/rx`: the RxJS operators that `KStream.pipe` takes. */

export { concatMap, filter, map, mergeMap, tap } from './rx/pure-operators.ts'
export { unchecked } from './rx/value-operator.ts'
export type { ValueOperator } from './rx/value-operator.ts'
