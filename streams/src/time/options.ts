import { streamError } from './stream-errors.ts'

/** Refuses options that are no object or have a name that is not known. @throws INVALID_STREAM_OPTION */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw streamError('INVALID_STREAM_OPTION', {
      what: 'options are missing',
      where,
      expected: list(known),
      received: String(options),
    })
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    throw streamError('INVALID_STREAM_OPTION', { what: 'unknown option', where, expected: list(known), received: name })
  }
}

/** @throws INVALID_STREAM_OPTION when one is no function. */
export function checkFunctions(where: string, functions: Readonly<Record<string, unknown>>): void {
  for (const [name, given] of Object.entries(functions)) {
    if (typeof given === 'function') continue
    throw streamError('INVALID_STREAM_OPTION', { what: 'not a function', where: `${where}, ${name}`, received: typeof given })
  }
}

/** @throws INVALID_STREAM_OPTION when one cannot write, or cannot read although it has to. */
export function checkSerdes(where: string, serdes: Readonly<Record<string, unknown>>, ways: 'write' | 'both' = 'both'): void {
  for (const [name, given] of Object.entries(serdes)) {
    const { write, read } = (given ?? {}) as { readonly write?: unknown; readonly read?: unknown }
    if (typeof write === 'function' && (ways === 'write' || typeof read === 'function')) continue
    throw streamError('INVALID_STREAM_OPTION', { what: 'not a serde', where: `${where}, ${name}`, received: typeof given })
  }
}

/** @throws INVALID_STREAM_OPTION unless it is a whole number above 0. */
export function checkCount(where: string, count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) > 0) return
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'not a count',
    where,
    expected: 'a whole number from 1',
    received: String(count),
  })
}

function list(names: readonly string[]): string {
  return names.join(', ')
}
