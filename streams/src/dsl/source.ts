import type { Callback } from '../graph/callbacks.ts'
import type { SourceSettings } from '../graph/source-settings.ts'
import { checkFunctions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import type { Of, TopicSerdes } from './options.ts'

/** How topics are read. */
export interface Source<K, V> extends TopicSerdes<K, V> {
  /**
   * Where a partition begins that the application has never committed: at its first record, or behind its last one. Where it
   * begins is committed at once, so that a crash loses nothing of what came since (Kafka begins anew at the then last one).
   * Default: `earliest`.
   */
  readonly reset?: 'earliest' | 'latest'
  /**
   * The time of a record, in milliseconds since 1970 (Kafka's TimestampExtractor). Everything goes by it, also which record of
   * several topics comes first; the function itself sees that of the log in `meta.timestamp`. A negative one drops the record and counts it
   * (`no-timestamp`); what is no whole number is RECORD_INVALID, as what user code throws. Default: the timestamp of the log.
   */
  readonly timestamp?: Of<K, V, number>
}

/** The names of the options of a source. */
export const sourceOptions: readonly string[] = ['key', 'value', 'reset', 'timestamp']

/** @throws INVALID_STREAM_OPTION, TOPOLOGY_NAME_MISSING */
export function sourceSettings<K, V>(
  where: string,
  topic: string | readonly string[] | RegExp,
  { reset = 'earliest', timestamp }: Source<K, V>,
): { readonly topics: readonly string[]; readonly settings: SourceSettings } {
  if (timestamp !== undefined) checkFunctions(where, { timestamp })
  if (reset !== 'earliest' && reset !== 'latest') {
    throw streamError('INVALID_STREAM_OPTION', {
      what: 'not a place to begin',
      where: `${where}, reset`,
      expected: 'earliest or latest',
      received: String(reset),
    })
  }
  const pattern = topic instanceof RegExp ? topic : null
  const settings: SourceSettings = {
    reset: reset === 'latest' ? reset : null,
    timestamp: (timestamp ?? null) as Callback<number> | null,
    pattern,
  }
  return { topics: pattern === null ? namesOf(topic as string | readonly string[]) : [], settings }
}

function namesOf(topic: string | readonly string[]): readonly string[] {
  if (!Array.isArray(topic)) return [topic as string]
  if (topic.length > 0) return [...(topic as readonly string[])]
  throw streamError('TOPOLOGY_NAME_MISSING', { what: 'stream(...) has an empty list of topics' })
}
