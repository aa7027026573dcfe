import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import type { TopicSettings } from '../coordinator/topic-settings.ts'

/**
 * What a topic asks of each record, as it stood when the rules were made: bounds for timestamps (KIP-937), and keys where it is
 * compacted. One comparison or two a record on the way of all that is well.
 *
 * The log's own time replaces that of the record where the topic says LogAppendTime: then there are no bounds. -1 is no time.
 */
export interface RecordRules {
  readonly earliest: number
  readonly latest: number
  readonly keysRequired: boolean
}

const noTimestamp = -1

export function recordRules(settings: TopicSettings, now: number): RecordRules {
  const { compacts: keysRequired, timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = settings
  if (timestampType === 'LogAppendTime') return { earliest: -Infinity, latest: Infinity, keysRequired }
  return { earliest: now - timestampBeforeMaxMs, latest: now + timestampAfterMaxMs, keysRequired }
}

/** Whether the record may break the rules: then `recordFlaw` says so. */
export function isSuspect({ earliest, latest, keysRequired }: RecordRules, key: unknown, timestamp: number): boolean {
  return timestamp > latest || timestamp < earliest || (keysRequired && key === null)
}

/** What is wrong with a record; null: nothing. `index` counts from 0 in its batch. INVALID_RECORD or INVALID_TIMESTAMP. */
export function recordFlaw(
  { earliest, latest, keysRequired }: RecordRules,
  { key, timestamp }: { readonly key: unknown; readonly timestamp: number },
  where: string,
  index: number,
): MillraceError | null {
  const place = { where: `${where}, record ${index}`, recordIndex: index }
  if (keysRequired && key === null)
    return coreError('INVALID_RECORD', { what: 'a compacted topic takes no record without key', ...place })
  if (timestamp === noTimestamp || (timestamp >= earliest && timestamp <= latest)) return null
  return coreError('INVALID_TIMESTAMP', {
    what: 'the timestamp of a record lies outside of what the topic takes',
    ...place,
    expected: `${earliest} to ${latest}`,
    received: timestamp,
  })
}
