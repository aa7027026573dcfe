/** Several ordered scans as one, in the same order. All begin at once, so that they show one moment; leaving early ends all. */
export async function* merged<T>(
  scans: readonly AsyncIterable<T>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T, void, undefined> {
  const iterators = scans.map((scan) => scan[Symbol.asyncIterator]())
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (;;) {
      const first = firstOf(heads, compare)
      if (first < 0) return
      yield heads[first]!.value as T
      heads[first] = await iterators[first]!.next()
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.()
  }
}

/** -1: all have ended. */
function firstOf<T>(heads: readonly IteratorResult<T>[], compare: (a: T, b: T) => number): number {
  let first = -1
  for (const [index, head] of heads.entries()) {
    if (head.done === true) continue
    if (first < 0 || compare(head.value, heads[first]!.value as T) < 0) first = index
  }
  return first
}
