import type { Callback } from '../graph/callbacks.ts'
import { checkFunctions, checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import type { Printing } from './record-operators.ts'

/** What `print` does with a record. @throws INVALID_STREAM_OPTION */
export function printLine<K, V>(options: Printing<K, V>): Callback {
  checkOptions('print', options, ['write', 'label', 'format'])
  const { write, label } = options
  const format = (options.format ?? keyAndValue) as Callback<string>
  checkFunctions('print', { write, format })
  if (label !== undefined && typeof label !== 'string') {
    throw streamError('INVALID_STREAM_OPTION', { what: 'not a text', where: 'print, label', received: typeof label })
  }
  const before = label === undefined ? '' : `[${label}]: `
  return (value, key, meta) => write(`${before}${format(value, key, meta)}`)
}

function keyAndValue(value: unknown, key: unknown): string {
  return `${textOf(key)}, ${textOf(value)}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}
