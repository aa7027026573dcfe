/** Operators over two inputs: a function of two Observables, so that what a record came from is known by where it comes in. */
import { Observable, type Subscriber } from 'rxjs'
import { inlet, operator, type Handler } from './operator.ts'

export type TwoInputs<L, R, O> = (left: Observable<L>, right: Observable<R>) => Observable<O>

interface Handlers<L, R, O> {
  readonly left: Handler<L, O>
  readonly right: Handler<R, O>
  /** Gets the way out once, when the task is built: for what is emitted when no value comes. */
  readonly made: (out: Subscriber<O>) => void
}

/** Hands each value of either input to its handler. */
export function twoInputs<L, R, O>({ left, right, made }: Handlers<L, R, O>): TwoInputs<L, R, O> {
  return (fromLeft, fromRight) =>
    new Observable<O>((out) => {
      made(out)
      operator(left)(fromLeft).subscribe(out)
      operator(right)(fromRight).subscribe(out)
    })
}

/** As `inlet`, for two inputs: the subscribers that feed them. */
export function twoInlets<L, R, O>(
  made: TwoInputs<L, R, O>,
  destination: Subscriber<O>,
): readonly [left: Subscriber<L>, right: Subscriber<R>] {
  let left: Subscriber<L> | undefined
  const right = inlet<R, O>((fromRight) => {
    const fromLeft = new Observable<L>((subscriber) => {
      left = subscriber
    })
    return made(fromLeft, fromRight)
  }, destination)
  return [left!, right]
}
