import { coreError } from '../base/error-catalogue.ts'
import type { AppendOptions } from './producer.ts'

/** Looked at for every record, so it makes nothing. @throws UNKNOWN_OPTION */
export function checkAppendOptions(options: AppendOptions): void {
  for (const name in options) {
    if (name === 'partition' || name === 'timestamp' || name === 'headers') continue
    throw coreError('UNKNOWN_OPTION', {
      what: `append has no option ${name}`,
      where: name,
      expected: 'partition, timestamp, headers',
      received: name,
    })
  }
}
