/** What user code gave to go on. An iterable runs user code as it is read: it is read at once, where user code is expected to throw. */
export function listOf<T>(given: Iterable<T>): readonly T[] {
  return Array.isArray(given) ? (given as readonly T[]) : [...given]
}
