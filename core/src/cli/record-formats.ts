import { isUtf8 } from 'node:buffer'
import type { TopicPartition } from '../base/ids.ts'
import type { ConsumedRecord } from '../client/consumer.ts'
import { meant } from './nearest.ts'
import { UsageError } from './usage-error.ts'

/** A record as a line. */
export type Format = (from: TopicPartition, record: ConsumedRecord) => string

/** The defaults of Kafka's console consumer. */
const textDefaults = {
  'print.timestamp': 'false',
  'print.partition': 'false',
  'print.offset': 'false',
  'print.headers': 'false',
  'print.key': 'false',
  'print.value': 'true',
  'key.separator': '\t',
  'headers.separator': ',',
  'null.literal': 'null',
}

/** As Kafka's console consumer prints it. @throws UsageError for an unknown property */
export function textFormat(given: Readonly<Record<string, string>>): Format {
  const names = Object.keys(textDefaults)
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new UsageError(`there is no property ${name}${meant(name, names)}`)
  const properties: typeof textDefaults = { ...textDefaults, ...given }
  const text = (bytes: Uint8Array | null): string =>
    bytes === null ? properties['null.literal'] : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  const parts: Readonly<Record<`print.${string}`, (from: TopicPartition, record: ConsumedRecord) => string>> = {
    'print.timestamp': (_, { timestamp }) => `CreateTime:${timestamp}`,
    'print.partition': ({ partition }) => `Partition:${partition}`,
    'print.offset': (_, { offset }) => `Offset:${offset}`,
    'print.headers': (_, { headers }) =>
      headers.length === 0
        ? 'NO_HEADERS'
        : headers.map(([name, value]) => `${name}:${text(value)}`).join(properties['headers.separator']),
    'print.key': (_, { key }) => text(key),
    'print.value': (_, { value }) => text(value),
  }
  const chosen = Object.entries(parts).filter(([name]) => properties[name as keyof typeof textDefaults] === 'true')
  return (from, record) => chosen.map(([, print]) => print(from, record)).join(properties['key.separator'])
}

/** As `produce --json` reads it. */
export const jsonFormat: Format = ({ topic, partition }, { offset, timestamp, key, value, headers }) =>
  JSON.stringify({
    topic,
    partition,
    offset,
    timestamp,
    key: jsonBytes(key),
    value: jsonBytes(value),
    headers: headers.map(([name, bytes]) => [name, jsonBytes(bytes)]),
  })

function jsonBytes(bytes: Uint8Array | null): string | { readonly base64: string } | null {
  if (bytes === null) return null
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return isUtf8(view) ? view.toString('utf8') : { base64: view.toString('base64') }
}
