import { SerdeError } from './serde-error.ts'
import type { Serde } from './serde.ts'
import { checked, type StandardSchema } from './standard-schema.ts'
import { excerpt, readUtf8 } from './utf8.ts'

const plain = 'json'

/**
 * JSON as UTF-8, as `JSON.stringify` and `JSON.parse` have it. With a schema (any Standard Schema) every value is checked before it is
 * written and after it was read; without one, that the text is a T is not checked. As a key mind that equal objects are equal bytes only
 * if their properties stand in the same order.
 */
export function json<T>(schema?: StandardSchema<T>): Serde<T> {
  return schema === undefined ? (unchecked as Serde<T>) : checkedBy(schema)
}

function checkedBy<T>(schema: StandardSchema<T>): Serde<T> {
  const { vendor } = schema['~standard']
  const name = `json(${vendor})`
  return {
    name,
    write: (value) => textOf(name, checked(name, schema, value)),
    read: (bytes) => checked(name, schema, valueOf(name, bytes)),
  }
}

const unchecked: Serde<unknown> = {
  name: plain,
  write: (value) => textOf(plain, value),
  read: (bytes) => valueOf(plain, bytes),
}

function textOf(name: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new SerdeError(name, `${typeof value} has no form in JSON`)
  return text
}

function valueOf(name: string, bytes: Uint8Array): unknown {
  const text = readUtf8(name, bytes)
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw notJson(name, text, cause as SyntaxError)
  }
}

/** The engine shows the text around the fault for some faults; for the others, and never twice, we do. */
function notJson(name: string, text: string, cause: SyntaxError): SerdeError {
  const at = /at position (\d+)/.exec(cause.message)?.[1] ?? '0'
  const shown = cause.message.endsWith('is not valid JSON') ? '' : `: ${excerpt(text, Number(at))}`
  return new SerdeError(name, `${cause.message}${shown}`, { cause })
}
