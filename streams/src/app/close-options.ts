import { checkOptions } from '../time/options.ts'
import { checkOption, isWhole } from './check-option.ts'

export interface CloseOptions {
  /** After so long what is not committed is given up, and what still waits for the log or the disk is left behind. Default: never. */
  readonly timeoutMs?: number
}

/** Infinity: there is no deadline. @throws INVALID_STREAM_OPTION */
export function timeoutOf(options: CloseOptions): number {
  checkOptions('close', options, ['timeoutMs'])
  const { timeoutMs = Infinity } = options
  checkOption('timeoutMs', timeoutMs === Infinity || isWhole(timeoutMs, 0), 'whole milliseconds from 0', timeoutMs)
  return timeoutMs
}
