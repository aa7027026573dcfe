import { SerdeError } from './serde-error.ts'
import type { Serde } from './serde.ts'
import { excerpt, readUtf8 } from './utf8.ts'

const name = 'json'

/**
 * JSON as UTF-8, as `JSON.stringify` and `JSON.parse` have it; that the text is a T is not checked. As a key mind that equal
 * objects are equal bytes only if their properties stand in the same order.
 */
export function json<T>(): Serde<T> {
  return serde as Serde<T>
}

const serde: Serde<unknown> = {
  name,
  write(value) {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new SerdeError(name, `${typeof value} has no form in JSON`)
    return text
  },
  read(bytes) {
    const text = readUtf8(name, bytes)
    try {
      return JSON.parse(text) as unknown
    } catch (cause) {
      throw notJson(text, cause as SyntaxError)
    }
  },
}

/** The engine shows the text around the fault for some faults; for the others, and never twice, we do. */
function notJson(text: string, cause: SyntaxError): SerdeError {
  const at = /at position (\d+)/.exec(cause.message)?.[1] ?? '0'
  const shown = cause.message.endsWith('is not valid JSON') ? '' : `: ${excerpt(text, Number(at))}`
  return new SerdeError(name, `${cause.message}${shown}`, { cause })
}
