import type { Bytes, Header } from '../base/bytes.ts'
import { meant } from './nearest.ts'
import type { LineRecord } from './run-produce.ts'
import { UsageError } from './usage-error.ts'

/** The defaults of Kafka's console producer. */
const textDefaults = {
  'parse.key': 'false',
  'key.separator': '\t',
  'parse.headers': 'false',
  'headers.delimiter': '\t',
  'headers.separator': ',',
  'headers.key.separator': ':',
  'null.marker': '',
}

type TextProperties = typeof textDefaults

/** Reads lines of text, as the properties say. @throws UsageError for an unknown property, and then for a line that lacks something */
export function textReader(given: Readonly<Record<string, string>>): (line: string) => LineRecord {
  const names = Object.keys(textDefaults)
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new UsageError(`there is no property ${name}${meant(name, names)}`)
  const properties: TextProperties = { ...textDefaults, ...given }
  const marker = properties['null.marker']
  const orNull = (text: string): string | null => (marker !== '' && text === marker ? null : text)
  return (line) => {
    const [headers, afterHeaders] = part(line, properties['parse.headers'] === 'true', properties['headers.delimiter'], 'headers')
    const [key, value] = part(afterHeaders, properties['parse.key'] === 'true', properties['key.separator'], 'key')
    return {
      key: key === null ? null : orNull(key),
      value: orNull(value),
      options: headers === null || headers === marker ? {} : { headers: headersIn(headers, properties, orNull) },
    }
  }
}

/** What stands before the separator, where that is wanted, and the rest. */
function part(line: string, wanted: boolean, separator: string, what: string): [first: string | null, rest: string] {
  if (!wanted) return [null, line]
  const at = line.indexOf(separator)
  if (at < 0) throw new UsageError(`no ${what}: there is no ${JSON.stringify(separator)} in it`)
  return [line.slice(0, at), line.slice(at + separator.length)]
}

function headersIn(text: string, properties: TextProperties, orNull: (text: string) => string | null): Header[] {
  if (text === '') return []
  return text.split(properties['headers.separator']).map((pair) => {
    const [name, value] = part(pair, true, properties['headers.key.separator'], 'header')
    const read = orNull(value)
    return [name!, read === null ? null : Buffer.from(read)]
  })
}

const jsonNames = ['key', 'value', 'headers', 'timestamp', 'partition']
/** What `consume` says beside the record. */
const ignoredNames = ['topic', 'offset']

/** @throws UsageError for a line that is no record */
export function jsonRecord(line: string): LineRecord {
  const record = parsed(line)
  for (const name of Object.keys(record))
    if (![...jsonNames, ...ignoredNames].includes(name)) throw new UsageError(`a record has no ${name}${meant(name, jsonNames)}`)
  if (!Object.hasOwn(record, 'value')) throw new UsageError('a record needs a value, which may be null')
  const { key, value, headers, timestamp, partition } = record
  return {
    key: bytesIn(key),
    value: bytesIn(value),
    options: {
      ...(headers === undefined || headers === null ? {} : { headers: jsonHeaders(headers) }),
      ...(timestamp === undefined || timestamp === null ? {} : { timestamp: whole('timestamp', timestamp) }),
      ...(partition === undefined || partition === null ? {} : { partition: whole('partition', partition) }),
    },
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new UsageError(`no JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
  throw new UsageError('no record: a line is an object with a value')
}

function bytesIn(value: unknown): Bytes {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  const base64 = typeof value === 'object' && Object.keys(value).join() === 'base64' ? Object.values(value)[0] : undefined
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : JSON.stringify(value)
}

/** A list of pairs, or an object where no name comes twice. */
function jsonHeaders(headers: unknown): Header[] {
  const pairs: unknown[] = Array.isArray(headers) ? headers : Object.entries(headers as object)
  return pairs.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
      throw new UsageError('headers are a list of [name, value], or an object')
    const value = bytesIn(pair[1])
    return [pair[0], typeof value === 'string' ? Buffer.from(value) : value]
  })
}

function whole(name: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number
  throw new UsageError(`${name} is a whole number, not ${JSON.stringify(value)}`)
}
