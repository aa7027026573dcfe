import type { OperatorFunction } from 'rxjs'

/** The mark of operators that are pure per record. Also there at run time, for callers without types. */
const pure: unique symbol = Symbol('millrace.pure')

/**
 * An RxJS operator on values that keeps nothing from one record to the next and emits only while it is given one. Those of
 * `@millrace/streams/rx` are; others do not compile in `pipe`.
 */
export type ValueOperator<A, B> = OperatorFunction<A, B> & { readonly [pure]: string }

/**
 * Lets an operator in that carries no mark. You promise that it is pure per record: state in it mixes the keys of a
 * partition, and is lost with every restart. `name` stands in messages.
 */
export function unchecked<A, B>(name: string, operator: OperatorFunction<A, B>): ValueOperator<A, B> {
  return marked(name, (source) => operator(source))
}

export function isValueOperator(operator: unknown): operator is ValueOperator<unknown, unknown> {
  return typeof operator === 'function' && pure in operator
}

/** Marks an operator that is not used elsewhere. */
export function marked<A, B>(name: string, operator: OperatorFunction<A, B>): ValueOperator<A, B> {
  return Object.assign(operator, { [pure]: name } as const)
}
