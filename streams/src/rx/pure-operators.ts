/**
 * RxJS's own operators that are pure per record, marked in their type. The index that RxJS passes beside the value is a
 * hidden counter (it starts again with every restart), so it does not reach the functions given here.
 */
import { concatMap as rxConcatMap, filter as rxFilter, map as rxMap, mergeMap as rxMergeMap, tap as rxTap } from 'rxjs'
import { marked, type ValueOperator } from './value-operator.ts'

/** RxJS's `map`. */
export function map<A, B>(project: (value: A) => B): ValueOperator<A, B> {
  return marked(
    'map',
    rxMap((value) => project(value)),
  )
}

/** RxJS's `filter`; a type guard narrows the values behind it. */
export function filter<A, B extends A>(predicate: (value: A) => value is B): ValueOperator<A, B>
export function filter<A>(predicate: (value: A) => boolean): ValueOperator<A, A>
export function filter<A>(predicate: (value: A) => boolean): ValueOperator<A, A> {
  return marked(
    'filter',
    rxFilter((value) => predicate(value)),
  )
}

/** RxJS's `tap`: called again for a record that is processed again, so keep it to logging and counting. */
export function tap<A>(look: (value: A) => void): ValueOperator<A, A> {
  return marked(
    'tap',
    rxTap((value) => look(value)),
  )
}

/** RxJS's `concatMap` over arrays: any number of values for one, in the order of the array. */
export function concatMap<A, B>(project: (value: A) => readonly B[]): ValueOperator<A, B> {
  return marked(
    'concatMap',
    rxConcatMap((value) => project(value)),
  )
}

/** RxJS's `mergeMap` over arrays; over arrays it is `concatMap`. */
export function mergeMap<A, B>(project: (value: A) => readonly B[]): ValueOperator<A, B> {
  return marked(
    'mergeMap',
    rxMergeMap((value) => project(value)),
  )
}
