import * as streams from '@millrace/streams'
import { call } from './call.ts'
import { textOf } from './callbacks.ts'
import { text } from './step-options.ts'

/** The options of a processor with a store: each value with its number among those of its key. */
export function countValues(name: unknown): object {
  const store = call(streams, 'keyValueStore', { name, key: text, value: text })
  return {
    name: 'count-values',
    stores: [store],
    open: (context: unknown) => {
      const counts = call(context, 'store', store)
      const process = (record: { readonly key: unknown; readonly value: unknown }): void => {
        const count = Number(call(counts, 'get', record.key) ?? 0) + 1
        call(counts, 'put', record.key, String(count))
        call(context, 'forward', call(record, 'withValue', `${textOf(record.value)}#${count}`))
      }
      return { process }
    },
  }
}
